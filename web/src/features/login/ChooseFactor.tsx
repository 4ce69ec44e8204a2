// The second factor for a new person. A passkey is the better one and is proposed first.

import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { CopyField } from '@/ui/CopyField';
import { CodeInput, TextField } from '@/ui/Field';
import { Loaded } from '@/ui/Loaded';
import { ProblemView } from '@/ui/ProblemView';
import { Qr } from '@/ui/Qr';

export function ChooseFactor({ onDone }: { onDone(): void }) {
    const { t } = useTranslation('login');
    const [kind, setKind] = useState('passkey');
    return (
        <div className="stack">
            <h2>{t('invitation.factorTitle')}</h2>
            <p className="muted prose">{t('invitation.factorLead')}</p>
            <RadioGroup
                label={t('invitation.factorLabel')}
                value={kind}
                onChange={setKind}
                options={[
                    { id: 'passkey', name: t('invitation.passkey'), hint: t('invitation.passkeyHint') },
                    { id: 'totp', name: t('invitation.totp'), hint: t('invitation.totpHint') },
                ]}
            />
            {kind === 'passkey' ? <MakePasskey onDone={onDone} /> : <MakeTotp onDone={onDone} />}
        </div>
    );
}

export function MakePasskey({ onDone }: { onDone(): void }) {
    const { t } = useTranslation('login');
    const [name, setName] = useState(deviceName);
    const make = useMutation({ mutationFn: () => session.addPasskey(name.trim() || deviceName()), onSuccess: onDone });
    return (
        <div className="stack">
            <p>{t('invitation.makePasskeyLead')}</p>
            <TextField
                label={t('invitation.passkeyName')}
                hint={t('invitation.passkeyNameHint')}
                value={name}
                onChange={setName}
                autoComplete="off"
            />
            {make.error && <ProblemView error={make.error} />}
            <div>
                <Button kind="primary" icon="key" isPending={make.isPending} onPress={() => make.mutate()}>
                    {t('invitation.makePasskey')}
                </Button>
            </div>
        </div>
    );
}

/** A first guess at what the person calls this device. */
function deviceName(): string {
    const agent = navigator.userAgent;
    return ['iPhone', 'iPad', 'Android', 'Windows', 'Macintosh', 'Linux'].find((name) => agent.includes(name)) ?? '';
}

export function MakeTotp({ onDone }: { onDone(): void }) {
    const { t } = useTranslation('login');
    const secret = useQuery({
        queryKey: ['totp'],
        queryFn: session.totpBegin,
        staleTime: Infinity,
        gcTime: 0,
        retry: false,
    });
    const [code, setCode] = useState('');
    const prove = useMutation({
        mutationFn: (digits: string) => session.totpFinish(secret.data?.factor ?? '', digits),
        onSuccess: onDone,
    });
    return (
        <Loaded query={secret} lines={5}>
            {({ uri, secret: key }) => (
                <form
                    className="form"
                    onSubmit={(event) => {
                        event.preventDefault();
                        if (code.length === 6) prove.mutate(code);
                    }}
                >
                    <div>
                        <h3>{t('invitation.scanTitle')}</h3>
                        <p>{t('invitation.scanLead')}</p>
                    </div>
                    <Qr text={uri} label={t('invitation.qr')} />
                    <CopyField label={t('invitation.secret')} value={key} />
                    <CodeInput label={t('factor.totpLabel')} value={code} onChange={setCode} onFull={prove.mutate} />
                    {prove.error && <ProblemView error={prove.error} />}
                    <div>
                        <Button kind="primary" type="submit" isPending={prove.isPending} isDisabled={code.length < 6}>
                            {t('factor.confirm')}
                        </Button>
                    </div>
                </form>
            )}
        </Loaded>
    );
}
