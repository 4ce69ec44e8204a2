// The frame of every page for those who are logged in: who one is, where one
// acts, and where one can go. On a phone the first places lie at the bottom.

import './shell.css';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Button as Pressable } from 'react-aria-components/Button';
import { Dialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Link } from 'react-aria-components/Link';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useTranslation } from 'react-i18next';
import { useIdentityChange, useMe } from '@/session/queries';
import { session } from '@/session/session';
import { IconButton } from '@/ui/Button';
import { ErrorBoundary } from '@/ui/ErrorBoundary';
import { Icon, Mark } from '@/ui/icons';
import { Menu } from '@/ui/Menu';
import { Skeleton } from '@/ui/Skeleton';
import { IdleWatch } from './IdleWatch';
import { Preferences } from './Preferences';
import { type Place, placesFor } from './places';

const BasketLink = lazy(async () => ({ default: (await import('@/exchange/BasketLink')).BasketLink }));
/** Here it lies open already. */
const SHOW_BASKET = ['/find', '/share'];

export function Shell() {
    const { t } = useTranslation('shell');
    const path = useRouterState({ select: (state) => state.location.pathname });
    const { permissions } = useMe();
    const places = placesFor(permissions);
    const [isOpen, setOpen] = useState(false);
    // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer
    useEffect(() => setOpen(false), [path]);
    return (
        <>
            <a className="skip" href="#content">
                {t('skip')}
            </a>
            <header className="top">
                <Link href="/" className="brand">
                    <Mark />
                    <span className="brand-name">{t('product')}</span>
                </Link>
                <Acting />
                {permissions.includes('share') && !SHOW_BASKET.includes(path) && (
                    <Suspense>
                        <BasketLink />
                    </Suspense>
                )}
                <Preferences />
                <Account />
            </header>
            <div className="frame">
                <nav className="side" aria-label={t('navigation')}>
                    <Places places={places} path={path} />
                </nav>
                <main id="content" className="content" tabIndex={-1}>
                    <div className="content-inner">
                        <ErrorBoundary key={path}>
                            <Suspense fallback={<Skeleton lines={6} />}>
                                <Outlet />
                            </Suspense>
                        </ErrorBoundary>
                    </div>
                </main>
            </div>
            <nav className="bottom" aria-label={t('menu')}>
                {places.slice(0, 4).map(({ href, name, icon }) => (
                    <Link
                        key={href}
                        href={href}
                        className="bottom-link"
                        aria-current={isAt(path, href) ? 'page' : undefined}
                    >
                        <Icon name={icon} />
                        <span>{t(name)}</span>
                    </Link>
                ))}
                <Pressable className="bottom-link" onPress={() => setOpen(true)}>
                    <Icon name="menu" />
                    <span>{t('menu')}</span>
                </Pressable>
            </nav>
            <Drawer places={places} path={path} isOpen={isOpen} onClose={() => setOpen(false)} />
            <IdleWatch />
        </>
    );
}

function isAt(path: string, href: string): boolean {
    return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);
}

function Places({ places, path }: { places: Place[]; path: string }) {
    const { t } = useTranslation('shell');
    return (
        <ul>
            {places.map(({ href, name, icon }) => (
                <li key={href}>
                    <Link href={href} className="side-link" aria-current={isAt(path, href) ? 'page' : undefined}>
                        <Icon name={icon} />
                        {t(name)}
                    </Link>
                </li>
            ))}
        </ul>
    );
}

function Drawer(props: { places: Place[]; path: string; isOpen: boolean; onClose(): void }) {
    const { t } = useTranslation(['shell', 'ui']);
    return (
        <ModalOverlay
            className="drawer-veil"
            isDismissable
            isOpen={props.isOpen}
            onOpenChange={(open) => !open && props.onClose()}
        >
            <Modal className="drawer">
                <Dialog>
                    <div className="drawer-top">
                        <Heading slot="title" level={2}>
                            {t('shell:menu')}
                        </Heading>
                        <IconButton icon="close" label={t('ui:close')} onPress={props.onClose} />
                    </div>
                    <nav aria-label={t('shell:navigation')}>
                        <Places places={props.places} path={props.path} />
                    </nav>
                </Dialog>
            </Modal>
        </ModalOverlay>
    );
}

/** A care unit's id is never this. */
const WHOLE = 'whole';

/** Where one acts; switching starts the page afresh, since all on it may be another's. */
function Acting() {
    const { t } = useTranslation('shell');
    const { unit, units, whole_organisation, member } = useMe();
    const navigate = useNavigate();
    const change = useIdentityChange(session.actAt);
    const here = unit?.name ?? t('wholeOrganisation');
    const choices = [
        ...(whole_organisation ? [{ id: WHOLE, name: t('wholeOrganisation'), isChosen: !unit }] : []),
        ...units.map(({ id, name, hsa_id }) => ({ id, name, hint: hsa_id ?? undefined, isChosen: id === unit?.id })),
    ];
    const act = async (id: string) => {
        await change.mutateAsync(id === WHOLE ? null : id);
        await navigate({ to: '/' });
    };
    return (
        <Menu
            label={`${t('actingAt')} ${here}, ${member.organisation.name}. ${t('switchUnit')}`}
            className="top-button acting"
            onAction={(id) => void act(id)}
            groups={[
                {
                    id: 'units',
                    name: t('switchUnit'),
                    items: choices,
                },
            ]}
        >
            <Icon name="building" />
            <span className="acting-words">
                <span>{here}</span>
                <span className="organisation">{member.organisation.name}</span>
            </span>
        </Menu>
    );
}

function Account() {
    const { t } = useTranslation('shell');
    const { name, email } = useMe().member;
    const act = async (id: string) => {
        if (id !== 'out') return;
        await session.logOut();
        // All that was shown goes from memory with the page.
        window.location.assign('/login');
    };
    return (
        <Menu
            label={t('accountOf', { name })}
            className="top-button"
            onAction={(id) => void act(id)}
            groups={[
                {
                    id: 'account',
                    name: email,
                    items: [
                        { id: 'sessions', name: t('sessions'), icon: 'list', href: '/account/sessions' },
                        { id: 'factors', name: t('factors'), icon: 'key', href: '/account/factors' },
                        { id: 'you', name: t('you'), icon: 'person', href: '/account' },
                    ],
                },
                { id: 'end', items: [{ id: 'out', name: t('logOut'), icon: 'out' }] },
            ]}
        >
            <Icon name="person" />
            <span className="who">{name}</span>
        </Menu>
    );
}
