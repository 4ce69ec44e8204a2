// A role, and where it holds.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { NewAssignment } from '@/api/contract';
import { useWord } from '@/i18n/word';
import { TextField } from '@/ui/Field';
import { Select } from '@/ui/Select';
import { members, roleKey } from './calls';

export const WHOLE = 'whole';

export interface RoleDraft {
    role: string | null;
    unit: string;
    commission: string;
}
export const noRole: RoleDraft = { role: null, unit: WHOLE, commission: '' };

export function assignmentOf({ role, unit, commission }: RoleDraft): NewAssignment | undefined {
    if (!role) return undefined;
    return { role, unit: unit === WHOLE ? null : unit, ...(commission.trim() && { commission: commission.trim() }) };
}

export function RoleFields(props: { value: RoleDraft; onChange(value: RoleDraft): void; isMissing?: boolean }) {
    const { value, onChange, isMissing } = props;
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const roles = useQuery({ queryKey: ['roles'], queryFn: members.roles });
    const units = useQuery({ queryKey: ['units'], queryFn: members.units });
    return (
        <>
            <Select
                label={t('role')}
                error={isMissing && !value.role ? t('roleMissing') : undefined}
                value={value.role}
                onChange={(id) => onChange({ ...value, role: id === null ? null : String(id) })}
                options={(roles.data?.items ?? []).map((role) => ({
                    id: roleKey(role),
                    name: word('role', role.word) || role.name,
                    hint: role.permissions.map((permission) => word('permission', permission)).join(', '),
                }))}
            />
            <Select
                label={t('where')}
                hint={t('whereHint')}
                value={value.unit}
                onChange={(id) => onChange({ ...value, unit: String(id) })}
                options={[
                    { id: WHOLE, name: u('wholeOrganisation') },
                    ...(units.data?.items ?? [])
                        .filter(({ active }) => active)
                        .map(({ id, name, hsa_id }) => ({ id, name, hint: hsa_id ?? undefined })),
                ]}
            />
            <TextField
                label={t('commission')}
                hint={t('commissionHint')}
                optional
                value={value.commission}
                onChange={(commission) => onChange({ ...value, commission })}
                autoComplete="off"
            />
        </>
    );
}
