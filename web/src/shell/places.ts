// The places of the portal and what each needs. A new page gets a line here;
// those who lack the permission do not see it.

import type { IconName } from '@/ui/icons';

export interface Place {
    href: '/' | '/design';
    name: 'nav.start' | 'nav.design';
    icon: IconName;
    needs?: string;
    isDevelopment?: boolean;
}

const PLACES: Place[] = [
    { href: '/', name: 'nav.start', icon: 'home' },
    { href: '/design', name: 'nav.design', icon: 'list', isDevelopment: true },
];

/** In the order of the menu. */
export function placesFor(permissions: string[], isShipped = import.meta.env.MODE === 'production'): Place[] {
    return PLACES.filter(
        ({ needs, isDevelopment }) => (!needs || permissions.includes(needs)) && !(isDevelopment && isShipped),
    );
}
