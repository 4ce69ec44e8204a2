// English: the same keys as Swedish, or it does not compile.

import type { Words } from '../sv';
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

const words: Words = {
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

export default words;
