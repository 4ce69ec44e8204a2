// Swedish: the first language; its keys are what the compiler checks by.

import account from './account';
import exchange from './exchange';
import find from './find';
import gateways from './gateways';
import inbox from './inbox';
import log from './log';
import login from './login';
import machines from './machines';
import members from './members';
import organisation from './organisation';
import patients from './patients';
import problem from './problem';
import requests from './requests';
import share from './share';
import shares from './shares';
import shell from './shell';
import start from './start';
import ui from './ui';
import word from './word';

const words = {
    account,
    exchange,
    find,
    gateways,
    inbox,
    log,
    login,
    machines,
    members,
    organisation,
    patients,
    problem,
    requests,
    share,
    shares,
    shell,
    start,
    ui,
    word,
};

/** The shape of the words in any language. */
export type Words = typeof words;

export default words;
