// Short news at the edge of the page, with undo for what was just done.
// `toast(words, { undo })` from anywhere; `<Toasts/>` stands once, in the shell.

import './words.css';
import { Text } from 'react-aria-components/Text';
import {
    UNSTABLE_Toast as Toast,
    UNSTABLE_ToastContent as ToastContent,
    UNSTABLE_ToastQueue as ToastQueue,
    UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components/Toast';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './Button';

interface News {
    words: string;
    undo?: () => void;
}

/** How long one can take a thing back. Longer while the pointer or the focus is on it. */
export const UNDO_MS = 10_000;

const queue = new ToastQueue<News>({ maxVisibleToasts: 3 });

/** `ended` is called when it goes without an undo: then the deed is done. Returns a function that takes it away. */
export function toast(words: string, { undo, ended }: { undo?: () => void; ended?: () => void } = {}): () => void {
    let isUndone = false;
    const news = {
        words,
        undo:
            undo &&
            (() => {
                isUndone = true;
                undo();
            }),
    };
    const key = queue.add(news, { timeout: UNDO_MS, onClose: () => !isUndone && ended?.() });
    return () => queue.close(key);
}

export function Toasts() {
    const { t } = useTranslation('ui');
    return (
        <ToastRegion queue={queue} className="toasts" aria-label={t('news')}>
            {({ toast: shown }) => (
                <Toast toast={shown} className="toast">
                    <ToastContent className="toast-words">
                        <Text slot="title">{shown.content.words}</Text>
                    </ToastContent>
                    {shown.content.undo && (
                        <Button
                            kind="quiet"
                            onPress={() => {
                                shown.content.undo?.();
                                queue.close(shown.key);
                            }}
                        >
                            {t('undo')}
                        </Button>
                    )}
                    <IconButton slot="close" icon="close" label={t('close')} />
                </Toast>
            )}
        </ToastRegion>
    );
}
