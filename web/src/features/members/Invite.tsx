import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { NewMember, Spoken } from '@/api/contract';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { given, useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { MailedLink } from '@/ui/MailedLink';
import { Notice } from '@/ui/Notice';
import { Select } from '@/ui/Select';
import { members } from './calls';
import { assignmentOf, noRole, RoleFields } from './RoleFields';

/** Name, address and one role are enough; the rest can wait. */
export function Invite({ onClose }: { onClose(): void }) {
    const { t, i18n } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const invite = useAct((person: NewMember) => members.invite(person), { renews: ['members', 'approvals'] });
    const draft = useDraft(
        { name: '', email: '', hsa_id: '', personal_number: '', language: i18n.language },
        invite.error,
        ['name', 'email'],
    );
    const [role, setRole] = useState(noRole);
    const submit = () => {
        if (!draft.isReady()) return;
        const { name, email, hsa_id, personal_number, language } = draft.values;
        const assignment = assignmentOf(role);
        invite.mutate({
            name: name.trim(),
            email: email.trim(),
            hsa_id: given(hsa_id),
            personal_number: given(personal_number.replace(/\D/g, '')),
            language: language as Spoken,
            assignments: assignment ? [assignment] : [],
        });
    };
    return (
        <Dialog
            isOpen
            onClose={onClose}
            title={t('invite.title')}
            actions={invite.data && <Button onPress={onClose}>{u('close')}</Button>}
        >
            {invite.data ? (
                <>
                    <MailedLink invitation={invite.data.invitation} email={draft.values.email} />
                    {invite.data.approvals.length > 0 && <Notice title={u('approvalAsked')} />}
                </>
            ) : (
                <Form
                    label={t('invite.title')}
                    onSubmit={submit}
                    error={draft.rest}
                    actions={
                        <>
                            <Button onPress={onClose}>{u('cancel')}</Button>
                            <Button kind="primary" type="submit" isPending={invite.isPending}>
                                {t('invite.send')}
                            </Button>
                        </>
                    }
                >
                    <TextField {...draft.bind('name')} label={u('name')} autoComplete="off" autoFocus />
                    <TextField {...draft.bind('email')} label={u('email')} type="email" autoComplete="off" />
                    <RoleFields value={role} onChange={setRole} />
                    <Select
                        label={t('invite.language')}
                        value={draft.values.language}
                        onChange={(id) => draft.set('language', String(id))}
                        options={[
                            { id: 'sv', name: 'Svenska' },
                            { id: 'en', name: 'English' },
                        ]}
                    />
                    <TextField {...draft.bind('hsa_id')} label={u('hsaId')} optional autoComplete="off" />
                    <TextField
                        {...draft.bind('personal_number')}
                        label={t('invite.number')}
                        hint={t('invite.numberHint')}
                        optional
                        autoComplete="off"
                    />
                </Form>
            )}
        </Dialog>
    );
}
