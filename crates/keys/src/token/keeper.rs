//! One session with a token, and the key found there. Blocks.
//!
//! A session is lost when the token is drawn, its machine restarts or the
//! module is finalised; modules say so in many ways. So any error that does not
//! stand for good ends the session, and the call is made once more in a new
//! one.

use super::error::{TokenError, is_about_data, is_pin};
use crate::{config::Pkcs11Config, secret};
use bildbro_domain::ErrorClass;
use bildbro_seal::{DataKey, SealError, TAG};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11},
    error::{Error, RvError},
    mechanism::{Mechanism, aead::GcmParams},
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use zeroize::Zeroizing;

const NONCE: usize = 12;

pub struct Keeper {
    config: Pkcs11Config,
    pin: AuthPin,
    /// The PIN was refused: trying it again would lock the token.
    refused: bool,
    module: Pkcs11,
    open: Option<Open>,
}

struct Open {
    session: Session,
    key: ObjectHandle,
}

impl Keeper {
    /// Loads the module and reads the PIN; asks the token nothing yet.
    pub fn new(config: &Pkcs11Config) -> Result<Self, TokenError> {
        let pin = config.pin().ok_or(TokenError::PinPlace)?.pin()?;
        let module = Pkcs11::new(&config.module).map_err(|source| TokenError::Load {
            module: config.module.clone(),
            source,
        })?;
        Ok(Self {
            config: config.clone(),
            pin: AuthPin::from(pin.as_str()),
            refused: false,
            module,
            open: None,
        })
    }

    /// Sees that the key is there.
    pub fn find(&mut self) -> Result<(), TokenError> {
        self.with_key(|_| Ok(()))
    }

    /// Sees that the key wraps, and opens what it wrapped.
    pub fn check(&mut self) -> Result<(), TokenError> {
        let (key, nonce) = (DataKey::new(random()?), random()?);
        self.with_key(|open| {
            let wrapped = open.seal(&key, b"check", nonce)?;
            let opened = open.open(nonce, &wrapped[NONCE..], b"check")?;
            if opened.expose() == key.expose() {
                Ok(())
            } else {
                Err(TokenError::OtherGcm)
            }
        })
    }

    pub fn wrap(
        &mut self,
        key: &DataKey,
        context: &[u8],
        nonce: [u8; NONCE],
    ) -> Result<Vec<u8>, TokenError> {
        self.with_key(|open| open.seal(key, context, nonce))
    }

    pub fn unwrap(
        &mut self,
        nonce: [u8; NONCE],
        sealed: &[u8],
        context: &[u8],
    ) -> Result<DataKey, TokenError> {
        match self.with_key(|open| open.open(nonce, sealed, context)) {
            // Not all modules say clearly that a tag is wrong: SoftHSM answers
            // CKR_GENERAL_ERROR. If the token opens what it wraps now, the
            // fault lies with what was to be opened.
            Err(TokenError::Module {
                source: Error::Pkcs11(_, Function::Decrypt),
                ..
            }) if self.check().is_ok() => Err(SealError::Refused.into()),
            answer => answer,
        }
    }

    /// Does something in the session there is, or else in a new one.
    fn with_key<T>(
        &mut self,
        work: impl Fn(&Open) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        if let Some(open) = self.open.take() {
            match work(&open) {
                Err(error) if error.class() != ErrorClass::Permanent => drop(open),
                answer => {
                    self.open = Some(open);
                    return answer;
                }
            }
        }
        let session = self.log_in(false)?;
        let key = self.only_key(&session)?;
        let open = Open { session, key };
        let answer = work(&open);
        if !matches!(&answer, Err(error) if error.class() != ErrorClass::Permanent) {
            self.open = Some(open);
        }
        answer
    }

    fn log_in(&mut self, write: bool) -> Result<Session, TokenError> {
        let not_tried = || TokenError::PinNotTried(self.config.token.clone());
        if self.refused {
            return Err(not_tried());
        }
        // Another key may have begun with the same module.
        let flags = CInitializeFlags::OS_LOCKING_OK;
        match self.module.initialize(CInitializeArgs::new(flags)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(during("starting the module")(error)),
        }
        let slot = self.slot()?;
        let session = if write {
            self.module.open_rw_session(slot)
        } else {
            self.module.open_ro_session(slot)
        };
        let session = session.map_err(during("opening a session"))?;
        let token = self.module.get_token_info(slot);
        let token = token.map_err(during("asking for the token"))?;
        if token.user_pin_final_try() || token.user_pin_locked() {
            return Err(not_tried());
        }
        match session.login(UserType::User, Some(&self.pin)) {
            // Logged in is the program, not the session (PKCS#11 2.40, 5.6).
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(source) if is_pin(&source) => {
                self.refused = true;
                Err(TokenError::PinRefused {
                    token: self.config.token.clone(),
                    source,
                })
            }
            Err(error) => Err(during("logging in")(error)),
        }
    }

    /// The slot of the token with our label. Slots are asked anew each time:
    /// their numbers change when tokens come and go.
    fn slot(&self) -> Result<Slot, TokenError> {
        let slots = self.module.get_slots_with_token();
        let slots = slots.map_err(during("listing the tokens"))?;
        // One that does not say what it is is not ours.
        let mut ours = slots.into_iter().filter(|slot| {
            let token = self.module.get_token_info(*slot);
            token.is_ok_and(|token| token.label() == self.config.token)
        });
        let slot = ours.next();
        let slot = slot.ok_or_else(|| TokenError::Away(self.config.token.clone()))?;
        if ours.next().is_some() {
            return Err(TokenError::ManyTokens(self.config.token.clone()));
        }
        Ok(slot)
    }

    fn keys(&self, session: &Session) -> Result<Vec<ObjectHandle>, TokenError> {
        let wanted = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(true),
            Attribute::Label(self.config.label.clone().into_bytes()),
        ];
        let found = session.find_objects(&wanted);
        found.map_err(during("looking for the key"))
    }

    fn only_key(&self, session: &Session) -> Result<ObjectHandle, TokenError> {
        let (token, label) = (self.config.token.clone(), self.config.label.clone());
        let key = match self.keys(session)?.as_slice() {
            [] => return Err(TokenError::NoKey { token, label }),
            [key] => *key,
            _ => return Err(TokenError::ManyKeys { token, label }),
        };
        let length = session.get_attributes(key, &[AttributeType::ValueLen]);
        match length.map_err(during("reading the key's length"))?.first() {
            Some(Attribute::ValueLen(length)) if **length as usize != secret::KEY => {
                Err(TokenError::NotAes256 { token, label })
            }
            _ => Ok(key),
        }
    }
}

impl Open {
    /// `nonce ‖ key, sealed ‖ tag`.
    fn seal(
        &self,
        key: &DataKey,
        context: &[u8],
        nonce: [u8; NONCE],
    ) -> Result<Vec<u8>, TokenError> {
        let mut used = nonce;
        let sealed = {
            let gcm = gcm(&mut used, context)?;
            self.session.encrypt(&gcm, self.key, key.expose())
        };
        let sealed = sealed.map_err(during("wrapping on the token"))?;
        // A module that chose a nonce of its own writes it back, or before the
        // rest.
        if used != nonce || sealed.len() != secret::KEY + TAG {
            return Err(TokenError::OtherGcm);
        }
        Ok([&nonce[..], &sealed].concat())
    }

    fn open(
        &self,
        mut nonce: [u8; NONCE],
        sealed: &[u8],
        context: &[u8],
    ) -> Result<DataKey, TokenError> {
        let gcm = gcm(&mut nonce, context)?;
        match self.session.decrypt(&gcm, self.key, sealed) {
            Ok(key) => Ok(DataKey::from_slice(&Zeroizing::new(key))?),
            Err(error) if is_about_data(&error) => Err(SealError::Refused.into()),
            Err(error) => Err(during("unwrapping on the token")(error)),
        }
    }
}

fn gcm<'a>(nonce: &'a mut [u8; NONCE], context: &'a [u8]) -> Result<Mechanism<'a>, TokenError> {
    let bits = (TAG as u64 * 8).into();
    let parameters = GcmParams::new(nonce, context, bits);
    let parameters = parameters.map_err(during("preparing AES-GCM"))?;
    Ok(Mechanism::AesGcm(parameters))
}

fn during(operation: &'static str) -> impl FnOnce(Error) -> TokenError {
    move |source| TokenError::Module { operation, source }
}

fn random<const N: usize>() -> Result<[u8; N], TokenError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| secret::SecretError::Random)?;
    Ok(bytes)
}

/// Makes the key that `config` names, and sees that it works.
pub fn generate(config: &Pkcs11Config) -> Result<(), TokenError> {
    let mut keeper = Keeper::new(config)?;
    let session = keeper.log_in(true)?;
    if !keeper.keys(&session)?.is_empty() {
        return Err(TokenError::KeyExists {
            token: config.token.clone(),
            label: config.label.clone(),
        });
    }
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen((secret::KEY as u64).into()),
        Attribute::Label(config.label.clone().into_bytes()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        // A key that can wrap and decrypt brings other keys of the token out.
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
    ];
    let made = session.generate_key(&Mechanism::AesKeyGen, &template);
    let made = made.map_err(during("making the key"))?;
    keeper.check().inspect_err(|_| {
        // Nothing is wrapped by it yet, and its label is free for another try.
        let _ = session.destroy_object(made);
    })
}
