// Who takes care of it: a colleague, a care unit, or whoever comes first.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { InboxDetail } from '@/api/exchange';
import { inbox } from '@/exchange/calls';
import { ProblemView } from '@/ui/ProblemView';
import { Select } from '@/ui/Select';

const NOBODY = 'nobody';

export function Assign({ item }: { item: InboxDetail }) {
    const { t } = useTranslation('inbox');
    const colleagues = useQuery({ queryKey: ['colleagues'], queryFn: inbox.colleagues, staleTime: 60_000 });
    const assign = useAct(
        (chosen: string) => {
            const [kind, id = ''] = chosen.split(' ');
            return inbox.assign(item.id, {
                member: kind === 'member' ? id : null,
                unit: kind === 'unit' ? id : null,
            });
        },
        { renews: ['inbox'], says: t('assign.done') },
    );
    const { assigned_to } = item;
    const now = assigned_to ? `${assigned_to.kind} ${assigned_to.id}` : NOBODY;
    const { members = [], units = [] } = colleagues.data ?? {};
    const options = [
        { id: NOBODY, name: t('assign.nobody') },
        ...units.map(({ id, name }) => ({ id: `unit ${id}`, name, hint: t('assign.unit') })),
        ...members.map(({ id, name }) => ({ id: `member ${id}`, name })),
    ];
    if (assigned_to && !options.some(({ id }) => id === now)) options.push({ id: now, name: assigned_to.name });
    return (
        <>
            <Select
                label={t('assign.title')}
                options={options}
                value={assign.isPending ? assign.variables : now}
                onChange={(id) => id !== now && assign.mutate(String(id))}
            />
            {assign.error && <ProblemView error={assign.error} />}
        </>
    );
}
