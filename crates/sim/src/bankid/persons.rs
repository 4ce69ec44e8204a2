//! Who can have a BankID here: personal identity numbers that the Swedish Tax
//! Agency has set aside for tests, so that no living person is meant.

/// A citizen with a BankID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// 12 digits.
    pub personal_number: String,
    pub given_name: String,
    pub surname: String,
}

impl Person {
    pub fn new(personal_number: &str, given_name: &str, surname: &str) -> Self {
        Self {
            personal_number: personal_number.to_owned(),
            given_name: given_name.to_owned(),
            surname: surname.to_owned(),
        }
    }

    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.surname)
    }
}

/// Those the page offers.
#[must_use]
pub fn official() -> Vec<Person> {
    vec![
        Person::new("191212121212", "Tolvan", "Tolvansson"),
        Person::new("189001019802", "Agda", "Testdotter"),
        Person::new("198112189876", "Nils", "Testsson"),
    ]
}

/// Someone on the list, or a made-up name for the number that an order asks
/// for: tests have persons of their own.
pub(super) fn find(personal_number: &str, required: Option<&str>) -> Option<Person> {
    official()
        .into_iter()
        .find(|person| person.personal_number == personal_number)
        .or_else(|| {
            (required == Some(personal_number))
                .then(|| Person::new(personal_number, "Test", "Testperson"))
        })
}
