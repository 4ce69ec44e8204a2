// Something to copy: an address, or a code that is shown once.

import './words.css';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';

export function CopyField({ label, value, isShownOnce }: { label: string; value: string; isShownOnce?: boolean }) {
    const { t } = useTranslation('ui');
    return (
        <div className="field">
            <span className="label">{label}</span>
            <div className="copy">
                <code>{value}</code>
                <CopyButton value={value} />
            </div>
            {isShownOnce && <span className="hint">{t('shownOnce')}</span>}
        </div>
    );
}

export function CopyButton({ value }: { value: string }) {
    const { t } = useTranslation('ui');
    const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready');
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(value);
            setState('copied');
        } catch {
            setState('refused');
        }
    };
    return (
        <>
            <Button icon={state === 'copied' ? 'check' : 'copy'} onPress={copy}>
                {state === 'copied' ? t('copied') : t('copy')}
            </Button>
            <span role="status" className={state === 'refused' ? 'hint' : 'hidden'}>
                {state === 'copied' && t('copied')}
                {state === 'refused' && t('copyRefused')}
            </span>
        </>
    );
}
