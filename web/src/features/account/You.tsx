// Language, letters and password; the name is for an administrator.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Spoken } from '@/api/contract';
import { PasswordRule, SHORTEST } from '@/features/login/PasswordRule';
import { speak } from '@/i18n/language';
import { useMe } from '@/session/queries';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { useDraft } from '@/ui/draft';
import { Facts } from '@/ui/Facts';
import { PasswordField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { PageHeader } from '@/ui/PageHeader';
import { Notices } from './Notices';

export function You() {
    const { t } = useTranslation('account');
    const { t: u } = useTranslation('ui');
    const { member } = useMe();
    const [language, setLanguage] = useState<Spoken>(member.language === 'en' ? 'en' : 'sv');
    const save = useAct(() => session.change(language), {
        renews: ['me'],
        says: u('saved'),
        after: () => speak(language),
    });
    return (
        <>
            <PageHeader title={t('you.title')} lead={t('you.lead', { email: member.email })} />
            <div className="stack-wide">
                <section className="card stack" aria-labelledby="about">
                    <h2 id="about">{t('you.about')}</h2>
                    {/* The name is the administrator's to change: the log goes by it. */}
                    <Facts rows={[[u('name'), member.name]]} />
                    <Form
                        onSubmit={() => save.mutate()}
                        error={save.error}
                        actions={
                            <Button kind="primary" type="submit" isPending={save.isPending}>
                                {u('save')}
                            </Button>
                        }
                    >
                        <RadioGroup
                            label={t('you.language')}
                            hint={t('you.languageHint')}
                            value={language}
                            onChange={(next) => setLanguage(next as Spoken)}
                            options={[
                                { id: 'sv', name: 'Svenska' },
                                { id: 'en', name: 'English' },
                            ]}
                        />
                    </Form>
                </section>
                <Notices />
                <Password />
            </div>
        </>
    );
}

function Password() {
    const { t } = useTranslation(['account', 'login']);
    const change = useAct(({ old, next }: { old: string; next: string }) => session.changePassword(old, next), {
        renews: ['sessions'],
        says: t('account:you.passwordChanged'),
        after: (): void => draft.reset(),
    });
    const draft = useDraft({ old: '', next: '' }, change.error, ['old', 'next']);
    const submit = () => {
        if (draft.isReady() && [...draft.values.next].length >= SHORTEST) change.mutate(draft.values);
    };
    return (
        <section className="card stack" aria-labelledby="password">
            <h2 id="password">{t('account:you.password')}</h2>
            <Form
                onSubmit={submit}
                error={draft.rest}
                actions={
                    <Button type="submit" isPending={change.isPending}>
                        {t('account:you.changePassword')}
                    </Button>
                }
            >
                <PasswordField {...draft.bind('old')} label={t('account:you.old')} autoComplete="current-password" />
                <PasswordField
                    {...draft.bind('next')}
                    label={t('account:you.next')}
                    hint={t('login:invitation.passwordHint')}
                    autoComplete="new-password"
                />
                <PasswordRule password={draft.values.next} />
            </Form>
        </section>
    );
}
