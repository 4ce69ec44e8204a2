import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/Button';
import { Checkbox } from '@/ui/Choice';
import { CopyButton } from '@/ui/CopyField';
import { Icon } from '@/ui/icons';
import { Notice } from '@/ui/Notice';

/** Shown once: one goes on when one has said that they are kept. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone(): void }) {
    const { t } = useTranslation('login');
    const [isKept, setKept] = useState(false);
    const [isMissing, setMissing] = useState(false);
    return (
        <div className="stack">
            <h2>{t('invitation.codesTitle')}</h2>
            <p>{t('invitation.codesLead')}</p>
            <ul className="codes">
                {codes.map((code) => (
                    <li key={code}>{code}</li>
                ))}
            </ul>
            <div className="row no-print">
                <CopyButton value={codes.join('\n')} />
                <Button onPress={() => window.print()}>{t('invitation.print')}</Button>
            </div>
            <Notice kind="warning" title={t('invitation.codesOnce')}>
                {t('invitation.codesOnceHint')}
            </Notice>
            <div className="no-print stack">
                <Checkbox isSelected={isKept} onChange={setKept} isInvalid={isMissing && !isKept}>
                    {t('invitation.kept')}
                </Checkbox>
                {isMissing && !isKept && (
                    <p className="field-error" role="alert">
                        <Icon name="error" />
                        <span>{t('invitation.keptMissing')}</span>
                    </p>
                )}
                <div>
                    <Button kind="primary" onPress={() => (isKept ? onDone() : setMissing(true))}>
                        {t('invitation.done')}
                    </Button>
                </div>
            </div>
        </div>
    );
}
