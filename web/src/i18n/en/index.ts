// English: the same keys as Swedish, or it does not compile.

import type { Words } from '../sv';
import account from './account';
import login from './login';
import problem from './problem';
import shell from './shell';
import ui from './ui';

const words: Words = { account, login, problem, shell, ui };

export default words;
