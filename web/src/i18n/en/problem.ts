// By the word that ends a problem's type: what happened, and what to do.
export default {
    offline: {
        title: 'Bildbro does not answer',
        advice: 'The computer cannot reach Bildbro just now. What you have typed is still here. Check the network and try again.',
    },
    'page-failed': {
        title: 'The page could not be shown',
        advice: 'Something went wrong on this page. Try again, or go to another page.',
    },
    unknown: { title: 'That did not work', advice: 'Try again. If it does not help, ask your administrator.' },
    busy: { title: 'Bildbro is busy just now', advice: 'Wait a moment and try again. Nothing has been lost.' },
    'not-ready': {
        title: 'Bildbro is not ready yet',
        advice: 'The service is starting, or waits for its database. Try again in a minute.',
    },
    ambiguous: { title: 'We do not know whether it was done', advice: 'Trying again is safe: nothing is done twice.' },
    internal: {
        title: 'Something went wrong at Bildbro',
        advice: 'It is noted in the operator’s log. Try again later.',
    },
    'not-found': {
        title: 'There is nothing here',
        advice: 'It may have been removed, or you may not have the right to see it.',
    },
    'no-permission': {
        title: 'You do not have permission for this',
        advice: 'Ask your administrator if you need it in your work.',
    },
    'not-logged-in': { title: 'You are logged out', advice: 'Log in again, and you go on where you were.' },
    'step-up-needed': {
        title: 'This needs you to confirm that it is you',
        advice: 'Try again and confirm with your second factor.',
    },
    'wrong-login': {
        title: 'The e-mail address or the password is wrong',
        advice: 'Check both and try again. After several errors you will have to wait a while.',
    },
    'wrong-factor': {
        title: 'The code is wrong',
        advice: 'Wait for the next code in the app and try again. Check that the phone’s clock is right.',
    },
    'wrong-recovery': {
        title: 'The recovery code is wrong',
        advice: 'It may have been used already. Each code works once.',
    },
    'passkey-failed': {
        title: 'The passkey could not be used',
        advice: 'You cancelled, or there is no passkey for Bildbro on this device. Try again or choose another way.',
    },
    'too-many-attempts': { title: 'Too many tries', advice: 'Wait a while before you try again.' },
    locked: { title: 'The account is locked', advice: 'Your administrator can unlock it.' },
    expired: {
        title: 'The invitation is no longer valid',
        advice: 'It has been used, or is too old. Ask the person who invited you for a new one.',
    },
    'weak-password': {
        title: 'The password is too easy to guess',
        advice: 'Choose a longer one. A few words that only you would put together work well.',
    },
    unreadable: { title: 'Bildbro did not understand what was sent', advice: 'Reload the page and try again.' },
    'body-too-large': { title: 'That is too large', advice: 'Send less at a time.' },
    conflict: {
        title: 'Someone else has changed this',
        advice: 'Reload the page, see what is new, and make your change again.',
    },
    'second-factor-needed': {
        title: 'Your second factor is missing',
        advice: 'Log in again and confirm that it is you.',
    },
    denied: { title: 'It is not allowed', advice: 'The rules say no. The attempt is noted in the log.' },
    taken: { title: 'It is in use already', advice: 'Choose something else.' },
    'last-administrator': {
        title: 'Someone must be able to manage the members',
        advice: 'This is the last administrator. Give the role to one more first.',
    },
    'last-factor': {
        title: 'You need at least one second factor',
        advice: 'Add a new one before you remove the last.',
    },
    'approval-asked': { title: 'A colleague must approve it first', advice: 'The question has been asked.' },
    'in-use': { title: 'The role is in use', advice: 'Withdraw it first from those who have it.' },
    over: { title: 'Somebody else was first', advice: 'It has been settled already. The page shows how.' },
    'no-gateway': {
        title: 'No gateway is connected',
        advice: 'Without a gateway Bildbro does not reach your PACS. Tell whoever runs your gateways.',
    },
    'several-patients': {
        title: 'The examinations are of several patients',
        advice: 'Confirm that this is meant, or remove one of the patients. Nothing has been sent.',
    },
    'not-the-asked-patient': {
        title: 'It is not the patient that the request is about',
        advice: 'Take out studies of other patients, or send without answering the request. Nothing has been sent.',
    },
    'too-soon': { title: 'It has been done already', advice: 'One reminder a day is enough. Try again tomorrow.' },
    'found-too-old': {
        title: 'The search is too old',
        advice: 'More than a day has passed. Search for the examinations again. The rest of what you filled in is still here.',
    },
    'recipient-refuses': {
        title: 'A recipient cannot get this',
        advice: 'Remove the recipient, or choose another. Nothing has been sent.',
    },
    'decision-needed': {
        title: 'Choose who the patient is',
        advice: 'Bildbro cannot tell by itself. Compare the particulars and choose.',
    },
    'reason-needed': { title: 'Say why', advice: 'Where particulars differ a reason is needed.' },
    used: { title: 'The link has been used', advice: 'Log in, or ask for a new one.' },
    'cross-site': { title: 'Bildbro did not take it', advice: 'Load the page anew and try again.' },
};
