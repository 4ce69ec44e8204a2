// When one is written to of what has come to the inbox.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { OwnNotices } from '@/api/contract';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { Select } from '@/ui/Select';

const WHENS = ['at_once', 'digest', 'off'] as const;
const HOURS = Array.from({ length: 24 }, (_, hour) => ({
    id: String(hour),
    name: `${String(hour).padStart(2, '0')}:00`,
}));

export function Notices() {
    const { t } = useTranslation('account');
    const notices = useQuery({ queryKey: ['notices'], queryFn: session.notices });
    return (
        <section className="card stack" aria-labelledby="notices">
            <h2 id="notices">{t('notices.title')}</h2>
            <p>{t('notices.hint')}</p>
            <Loaded query={notices} lines={4}>
                {(data) => <Edit own={data} />}
            </Loaded>
        </section>
    );
}

function Edit({ own }: { own: OwnNotices }) {
    const { t } = useTranslation('account');
    const { t: u } = useTranslation('ui');
    const [when, setWhen] = useState(own.notices);
    const [hour, setHour] = useState(own.hour);
    const save = useAct(() => session.changeNotices({ notices: when, hour }), {
        renews: ['notices'],
        says: u('saved'),
    });
    return (
        <Form
            onSubmit={() => save.mutate()}
            error={save.error}
            actions={
                <Button type="submit" isPending={save.isPending}>
                    {u('save')}
                </Button>
            }
        >
            <RadioGroup
                label={t('notices.when')}
                value={when}
                onChange={setWhen}
                options={WHENS.map((id) => ({ id, name: t(`notices.${id}`), hint: t(`notices.${id}Hint`) }))}
            />
            {when === 'digest' && (
                <Select
                    label={t('notices.hour')}
                    selectedKey={String(hour)}
                    onSelectionChange={(id) => setHour(Number(id))}
                    options={HOURS}
                />
            )}
        </Form>
    );
}
