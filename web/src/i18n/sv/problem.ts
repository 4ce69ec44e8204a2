// By the word that ends a problem's type: what happened, and what to do.
export default {
    offline: {
        title: 'Bildbro svarar inte',
        advice: 'Datorn når inte Bildbro just nu. Det du har skrivit är kvar. Kontrollera nätet och försök igen.',
    },
    'page-failed': {
        title: 'Sidan kunde inte visas',
        advice: 'Något gick fel på den här sidan. Försök igen, eller gå till en annan sida.',
    },
    unknown: { title: 'Det gick inte', advice: 'Försök igen. Kontakta din administratör om det inte hjälper.' },
    busy: { title: 'Bildbro är upptaget just nu', advice: 'Vänta en stund och försök igen. Inget har gått förlorat.' },
    'not-ready': {
        title: 'Bildbro är inte redo än',
        advice: 'Tjänsten startar eller väntar på sin databas. Försök igen om en minut.',
    },
    ambiguous: {
        title: 'Vi vet inte om det blev gjort',
        advice: 'Det är ofarligt att försöka igen: inget görs två gånger.',
    },
    internal: { title: 'Något gick fel hos Bildbro', advice: 'Felet är noterat i driftens logg. Försök igen senare.' },
    'not-found': {
        title: 'Det finns inte här',
        advice: 'Det kan ha tagits bort, eller så har du inte rätt att se det.',
    },
    'no-permission': {
        title: 'Du har inte behörighet till det här',
        advice: 'Fråga din administratör om du behöver det i ditt arbete.',
    },
    'not-logged-in': { title: 'Du är utloggad', advice: 'Logga in igen så fortsätter du där du var.' },
    'step-up-needed': {
        title: 'Det här kräver att du bekräftar att det är du',
        advice: 'Försök igen och bekräfta med din andra faktor.',
    },
    'wrong-login': {
        title: 'E-postadressen eller lösenordet stämmer inte',
        advice: 'Kontrollera båda och försök igen. Efter flera fel får du vänta en stund.',
    },
    'wrong-factor': {
        title: 'Koden stämmer inte',
        advice: 'Vänta på nästa kod i appen och försök igen. Kontrollera att telefonens klocka går rätt.',
    },
    'wrong-recovery': {
        title: 'Återställningskoden stämmer inte',
        advice: 'Den kan vara använd redan. Varje kod fungerar en gång.',
    },
    'passkey-failed': {
        title: 'Nyckeln kunde inte användas',
        advice: 'Du avbröt, eller så finns ingen nyckel till Bildbro på den här enheten. Försök igen eller välj ett annat sätt.',
    },
    'too-many-attempts': { title: 'För många försök', advice: 'Vänta en stund innan du försöker igen.' },
    locked: { title: 'Kontot är låst', advice: 'Din administratör kan låsa upp det.' },
    expired: {
        title: 'Inbjudan gäller inte längre',
        advice: 'Den är använd eller för gammal. Be den som bjöd in dig om en ny.',
    },
    'weak-password': {
        title: 'Lösenordet är för lätt att gissa',
        advice: 'Välj ett längre. Några ord som bara du tänker på tillsammans fungerar bra.',
    },
    unreadable: { title: 'Bildbro förstod inte det som skickades', advice: 'Ladda om sidan och försök igen.' },
    'body-too-large': { title: 'Det är för stort', advice: 'Skicka mindre åt gången.' },
    conflict: {
        title: 'Någon annan har ändrat detta',
        advice: 'Ladda om sidan, se vad som är nytt och gör din ändring igen.',
    },
    'second-factor-needed': { title: 'Din andra faktor saknas', advice: 'Logga in igen och bekräfta att det är du.' },
    denied: { title: 'Det är inte tillåtet', advice: 'Reglerna säger nej. Försöket är noterat i loggen.' },
    taken: { title: 'Det används redan', advice: 'Välj något annat.' },
    'last-administrator': {
        title: 'Någon måste kunna sköta medlemmarna',
        advice: 'Det här är den sista administratören. Ge först rollen till en till.',
    },
    'last-factor': {
        title: 'Du behöver minst en andra faktor',
        advice: 'Lägg till en ny innan du tar bort den sista.',
    },
    'approval-asked': { title: 'En kollega måste godkänna det först', advice: 'Frågan är ställd.' },
    'in-use': { title: 'Rollen används', advice: 'Ta först tillbaka den från dem som har den.' },
    over: { title: 'Någon annan hann före', advice: 'Det är redan avgjort. Sidan visar hur det blev.' },
    'no-gateway': {
        title: 'Ingen gateway är ansluten',
        advice: 'Utan gateway når Bildbro inte ert PACS. Säg till den som sköter era gatewayer.',
    },
    'several-patients': {
        title: 'Undersökningarna gäller flera patienter',
        advice: 'Bekräfta att det är meningen, eller ta bort en av patienterna. Inget har skickats.',
    },
    'not-the-asked-patient': {
        title: 'Det är inte den patient som begäran gäller',
        advice: 'Ta bort undersökningar av andra patienter, eller skicka utan att svara på begäran. Inget har skickats.',
    },
    'too-soon': { title: 'Det är redan gjort', advice: 'En påminnelse om dagen räcker. Försök igen i morgon.' },
    'found-too-old': {
        title: 'Sökningen är för gammal',
        advice: 'Det har gått mer än ett dygn. Sök fram undersökningarna igen. Resten av det du fyllt i är kvar.',
    },
    'recipient-refuses': {
        title: 'En mottagare kan inte få det här',
        advice: 'Ta bort mottagaren, eller välj en annan. Inget har skickats.',
    },
    'decision-needed': {
        title: 'Välj vem patienten är',
        advice: 'Bildbro kan inte själv avgöra det. Jämför uppgifterna och välj.',
    },
    'reason-needed': { title: 'Skriv varför', advice: 'När uppgifterna skiljer behövs ett skäl.' },
    used: { title: 'Länken är redan använd', advice: 'Logga in, eller be om en ny.' },
    'cross-site': { title: 'Bildbro tog inte emot det', advice: 'Ladda om sidan och försök igen.' },
};
