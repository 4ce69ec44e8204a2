// The places of the portal and what each needs. A new page gets a line here;
// those who lack the permission do not see it.

import type { Permission } from '@/api/contract';
import type { IconName } from '@/ui/icons';

export interface Place {
    href: string;
    name: `nav.${
        | 'start'
        | 'gateways'
        | 'members'
        | 'approvals'
        | 'organisation'
        | 'find'
        | 'shares'
        | 'inbox'
        | 'requests'
        | 'patients'
        | 'machines'
        | 'log'
        | 'spotChecks'
        | 'emergencies'
        | 'organisations'
        | 'health'
        | 'design'}`;
    icon: IconName;
    /** Any of them is enough. */
    needs?: Permission[];
    isDevelopment?: boolean;
}

const PLACES: Place[] = [
    { href: '/', name: 'nav.start', icon: 'home' },
    { href: '/find', name: 'nav.find', icon: 'search', needs: ['find'] },
    { href: '/shares', name: 'nav.shares', icon: 'send', needs: ['share'] },
    { href: '/inbox', name: 'nav.inbox', icon: 'inbox', needs: ['receive'] },
    { href: '/requests', name: 'nav.requests', icon: 'question', needs: ['find'] },
    { href: '/organisations', name: 'nav.organisations', icon: 'building', needs: ['run_hub'] },
    { href: '/health', name: 'nav.health', icon: 'pulse', needs: ['run_hub'] },
    { href: '/gateways', name: 'nav.gateways', icon: 'gateway', needs: ['manage_gateways'] },
    { href: '/members', name: 'nav.members', icon: 'people', needs: ['manage_members'] },
    { href: '/approvals', name: 'nav.approvals', icon: 'approve', needs: ['manage_members'] },
    { href: '/organisation', name: 'nav.organisation', icon: 'building', needs: ['manage_organisation'] },
    { href: '/machines', name: 'nav.machines', icon: 'key', needs: ['manage_machines'] },
    { href: '/patients', name: 'nav.patients', icon: 'person', needs: ['register_will', 'find', 'emergency'] },
    { href: '/log', name: 'nav.log', icon: 'list', needs: ['search_audit'] },
    { href: '/spot-checks', name: 'nav.spotChecks', icon: 'dice', needs: ['review_audit'] },
    { href: '/emergencies', name: 'nav.emergencies', icon: 'warning', needs: ['review_audit'] },
    { href: '/design', name: 'nav.design', icon: 'list', isDevelopment: true },
];

/** In the order of the menu. */
export function placesFor(permissions: string[], isShipped = import.meta.env.MODE === 'production'): Place[] {
    return PLACES.filter(
        ({ needs, isDevelopment }) =>
            (!needs || needs.some((permission) => permissions.includes(permission))) && !(isDevelopment && isShipped),
    );
}
