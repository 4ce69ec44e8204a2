// English: the same keys as Swedish, or it does not compile.

import type { Words } from '../sv';
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

const words: Words = {
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

export default words;
