// Swedish: the first language; its keys are what the compiler checks by.

import account from './account';
import login from './login';
import problem from './problem';
import shell from './shell';
import ui from './ui';

const words = { account, login, problem, shell, ui };

/** The shape of the words in any language. */
export type Words = typeof words;

export default words;
