// Every key that a page asks for is checked by the compiler.

import type { Words } from './sv';

declare module 'i18next' {
    interface CustomTypeOptions {
        defaultNS: 'ui';
        resources: Words;
        enableSelector: false;
    }
}
