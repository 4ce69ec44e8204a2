// The pages and their addresses. Each page is a script of its own, fetched when
// it is needed. What a page shows, filters and sorts by lies in its search,
// checked by zod, so that an address can be sent to a colleague.

import type { QueryClient } from '@tanstack/react-query';
import {
    createRootRouteWithContext,
    createRoute,
    createRouter,
    type ErrorComponentProps,
    lazyRouteComponent,
    Outlet,
    redirect,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { z } from 'zod';
import { meQuery, useMe } from './session/queries';
import { NoPermission } from './shell/NoPermission';
import { NotFound } from './shell/NotFound';
import { Plain } from './shell/Plain';
import { StepUp } from './shell/StepUp';
import { ProblemView } from './ui/ProblemView';
import { Skeleton } from './ui/Skeleton';
import { Toasts } from './ui/Toast';

/** Only a path of the portal: an address elsewhere could be a trap. */
const back = z
    .string()
    .regex(/^\/(?![/\\])/)
    .catch('/');

interface Context {
    client: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
    component: () => (
        <>
            <Outlet />
            <StepUp />
            <Toasts />
        </>
    ),
    notFoundComponent: () => (
        <Plain>
            <NotFound />
        </Plain>
    ),
});

/** Pages for nobody in particular: logging in and what belongs to it. */
const plain = createRoute({ getParentRoute: () => root, id: 'plain', component: Plain });

/** Pages for one who is logged in and acts somewhere. */
const shell = createRoute({
    getParentRoute: () => root,
    id: 'shell',
    component: lazyRouteComponent(() => import('./shell/Shell'), 'Shell'),
    beforeLoad: async ({ context, location }) => {
        const me = await context.client.ensureQueryData(meQuery);
        if (!me) throw redirect({ to: '/login', search: { back: location.href } });
        if (!me.unit) throw redirect({ to: '/assignment', search: { back: location.href } });
        return { me };
    },
});

/** A page that needs a permission: without it, the shell says so and the page is not even fetched. */
export function needs(permission: string, Page: ComponentType) {
    return function Needs() {
        const { permissions } = useMe();
        return permissions.includes(permission) ? <Page /> : <NoPermission permission={permission} />;
    };
}

const login = createRoute({
    getParentRoute: () => plain,
    path: '/login',
    validateSearch: z.object({ back: back.default('/') }),
    component: lazyRouteComponent(() => import('./features/login/LogIn'), 'LogIn'),
});
const secondFactor = createRoute({
    getParentRoute: () => plain,
    path: '/login/confirm',
    validateSearch: z.object({ back: back.default('/'), factors: z.string().catch('').default('') }),
    component: lazyRouteComponent(() => import('./features/login/SecondFactor'), 'SecondFactor'),
});
const organisationLogin = createRoute({
    getParentRoute: () => plain,
    path: '/login/organisation',
    validateSearch: z.object({ back: back.default('/') }),
    component: lazyRouteComponent(() => import('./features/login/OrganisationLogin'), 'OrganisationLogin'),
});
const bankIdLogin = createRoute({
    getParentRoute: () => plain,
    path: '/login/bankid',
    validateSearch: z.object({ back: back.default('/') }),
    component: lazyRouteComponent(() => import('./features/login/BankIdLogin'), 'BankIdLogin'),
});
const invitation = createRoute({
    getParentRoute: () => plain,
    path: '/invitation/$token',
    component: lazyRouteComponent(() => import('./features/login/Invitation'), 'InvitationPage'),
});
const assignment = createRoute({
    getParentRoute: () => plain,
    path: '/assignment',
    validateSearch: z.object({ back: back.default('/') }),
    beforeLoad: async ({ context, search }) => {
        const me = await context.client.ensureQueryData(meQuery);
        if (!me) throw redirect({ to: '/login', search: { back: search.back } });
    },
    component: lazyRouteComponent(() => import('./features/login/Assignment'), 'Assignment'),
});
const ended = createRoute({
    getParentRoute: () => plain,
    path: '/ended',
    validateSearch: z.object({ why: z.enum(['idle', 'closed']).catch('closed'), back: back.default('/') }),
    component: lazyRouteComponent(() => import('./shell/Ended'), 'Ended'),
});

const start = createRoute({
    getParentRoute: () => shell,
    path: '/',
    component: lazyRouteComponent(() => import('./features/start/Start'), 'Start'),
});
const sessions = createRoute({
    getParentRoute: () => shell,
    path: '/account/sessions',
    component: lazyRouteComponent(() => import('./features/account/Sessions'), 'Sessions'),
});
const factors = createRoute({
    getParentRoute: () => shell,
    path: '/account/factors',
    component: lazyRouteComponent(() => import('./features/account/Factors'), 'Factors'),
});

/** For looking at, never shipped: every component in every state, and a page that nobody may see. */
const design = createRoute({
    getParentRoute: () => shell,
    path: '/design',
    validateSearch: z.object({ tab: z.string().optional().catch(undefined) }),
    component:
        import.meta.env.MODE === 'production'
            ? NotFound
            : lazyRouteComponent(() => import('./features/design/Design'), 'Design'),
});
const forbidden = createRoute({
    getParentRoute: () => shell,
    path: '/design/forbidden',
    component: needs('users:manage', NotFound),
});

const tree = root.addChildren([
    plain.addChildren([login, secondFactor, organisationLogin, bankIdLogin, invitation, assignment, ended]),
    shell.addChildren([start, sessions, factors, design, forbidden]),
]);

function Failed({ error, reset }: ErrorComponentProps) {
    return <ProblemView error={error} onRetry={reset} />;
}

export function makeRouter(client: QueryClient) {
    return createRouter({
        routeTree: tree,
        context: { client },
        defaultPreload: 'intent',
        defaultPendingComponent: () => <Skeleton lines={6} />,
        defaultErrorComponent: Failed,
        defaultNotFoundComponent: NotFound,
        scrollRestoration: true,
    });
}

declare module '@tanstack/react-router' {
    interface Register {
        router: ReturnType<typeof makeRouter>;
    }
}
