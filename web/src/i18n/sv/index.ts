// Swedish: the first language; its keys are what the compiler checks by.

import account from './account';
import gateways from './gateways';
import log from './log';
import login from './login';
import machines from './machines';
import members from './members';
import organisation from './organisation';
import patients from './patients';
import problem from './problem';
import shell from './shell';
import start from './start';
import ui from './ui';
import word from './word';

const words = {
    account,
    gateways,
    log,
    login,
    machines,
    members,
    organisation,
    patients,
    problem,
    shell,
    start,
    ui,
    word,
};

/** The shape of the words in any language. */
export type Words = typeof words;

export default words;
