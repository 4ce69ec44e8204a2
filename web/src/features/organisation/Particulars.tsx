import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Organisation } from '@/api/contract';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Switch } from '@/ui/Choice';
import { given, useDraft } from '@/ui/draft';
import { Facts } from '@/ui/Facts';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { Select } from '@/ui/Select';
import { organisation } from './calls';

/** What most would choose of; another that was set stays. */
const HOURS = [1, 4, 8, 12, 24, 48, 72, 168];

export function Particulars() {
    const own = useQuery({ queryKey: ['organisation'], queryFn: organisation.get });
    return (
        <Loaded query={own} lines={6}>
            {(data) => <Edit key={data.id} own={data} />}
        </Loaded>
    );
}

function Edit({ own }: { own: Organisation }) {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const [namesStaff, setNamesStaff] = useState(own.names_staff);
    const [hours, setHours] = useState(own.escalate_hours);
    const choices = [...new Set([0, ...HOURS, own.escalate_hours])].sort((a, b) => a - b);
    const save = useAct(
        (): Promise<unknown> => {
            const { name, hsa_id, number, postal, on_call } = draft.values;
            return organisation.change({
                name: name.trim(),
                hsa_id: given(hsa_id),
                number: given(number),
                postal: postal.trim(),
                on_call: on_call.trim(),
                names_staff: namesStaff,
                escalate_hours: hours,
            });
        },
        { renews: ['organisation', 'me'], says: u('saved') },
    );
    const draft = useDraft(
        {
            name: own.name,
            hsa_id: own.hsa_id ?? '',
            number: own.number ?? '',
            postal: own.postal,
            on_call: own.on_call,
        },
        save.error,
        ['name'],
    );
    return (
        <div className="card stack-wide">
            <Facts
                rows={[
                    [t('kind'), word('kind', own.kind)],
                    [t('aeTitle'), own.ae_title],
                ]}
            />
            <Form
                onSubmit={() => draft.isReady() && save.mutate()}
                error={draft.rest}
                actions={
                    <Button kind="primary" type="submit" isPending={save.isPending}>
                        {u('save')}
                    </Button>
                }
            >
                <TextField {...draft.bind('name')} label={u('name')} autoComplete="organization" />
                <TextField {...draft.bind('number')} label={t('number')} optional autoComplete="off" />
                <TextField {...draft.bind('hsa_id')} label={u('hsaId')} optional autoComplete="off" />
                <TextField {...draft.bind('postal')} label={t('postal')} optional lines autoComplete="off" />
                <TextField
                    {...draft.bind('on_call')}
                    label={t('onCall')}
                    type="email"
                    hint={t('onCallHint')}
                    optional
                    autoComplete="off"
                />
                <Select
                    label={t('escalate')}
                    hint={t('escalateHint')}
                    selectedKey={String(hours)}
                    onSelectionChange={(id) => setHours(Number(id))}
                    options={choices.map((n) => ({
                        id: String(n),
                        name: n === 0 ? t('escalateNever') : t('escalateAfter', { count: n, n }),
                    }))}
                />
                <Switch isSelected={namesStaff} onChange={setNamesStaff} hint={t('namesStaffHint')}>
                    {t('namesStaff')}
                </Switch>
            </Form>
        </div>
    );
}
