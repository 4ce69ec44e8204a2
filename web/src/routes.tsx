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
import type { Permission } from './api/contract';
import { meQuery, useMay } from './session/queries';
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
        const search = { back: location.href };
        if (me.level === 'setup') throw redirect({ to: '/login/setup' });
        if (me.level === 'first') throw redirect({ to: '/login/confirm', search: { ...search, factors: '' } });
        if (me.level !== 'full' || !me.member) throw redirect({ to: '/login', search });
        if (me.must_choose_unit) throw redirect({ to: '/assignment', search });
    },
});

/** A page that needs one of these permissions: without, the shell says so and the page is not even fetched. */
export function needs(permissions: Permission[], Page: ComponentType) {
    return function Needs() {
        const may = useMay();
        return may(...permissions) ? <Page /> : <NoPermission permission={permissions[0] ?? ''} />;
    };
}

const login = createRoute({
    getParentRoute: () => plain,
    path: '/login',
    validateSearch: z.object({
        back: back.default('/'),
        problem: z
            .string()
            .regex(/^[a-z-]{1,40}$/)
            .optional()
            .catch(undefined),
    }),
    loader: ({ context }) => context.client.ensureQueryData(meQuery),
    component: lazyRouteComponent(() => import('./features/login/LogIn'), 'LogIn'),
});
const secondFactor = createRoute({
    getParentRoute: () => plain,
    path: '/login/confirm',
    validateSearch: z.object({ back: back.default('/'), factors: z.string().catch('').default('') }),
    loader: ({ context }) => context.client.ensureQueryData(meQuery),
    component: lazyRouteComponent(() => import('./features/login/SecondFactor'), 'SecondFactor'),
});
const goesBack = z.object({ back: back.default('/') });
const organisationLogin = createRoute({
    getParentRoute: () => plain,
    path: '/login/organisation',
    validateSearch: goesBack,
    component: lazyRouteComponent(() => import('./features/login/OrganisationLogin'), 'OrganisationLogin'),
});
const bankIdLogin = createRoute({
    getParentRoute: () => plain,
    path: '/login/bankid',
    validateSearch: goesBack,
    component: lazyRouteComponent(() => import('./features/login/BankIdLogin'), 'BankIdLogin'),
});
const forgotten = createRoute({
    getParentRoute: () => plain,
    path: '/login/forgotten',
    validateSearch: goesBack,
    component: lazyRouteComponent(() => import('./features/login/Forgotten'), 'Forgotten'),
});
const setUp = createRoute({
    getParentRoute: () => plain,
    path: '/login/setup',
    component: lazyRouteComponent(() => import('./features/login/Invitation'), 'SetUp'),
});
const invitation = createRoute({
    getParentRoute: () => plain,
    path: '/invitation/$token',
    component: lazyRouteComponent(() => import('./features/login/Invitation'), 'InvitationPage'),
});
const assignment = createRoute({
    getParentRoute: () => plain,
    path: '/assignment',
    validateSearch: goesBack,
    beforeLoad: async ({ context, search }) => {
        const me = await context.client.ensureQueryData(meQuery);
        if (me.level !== 'full') throw redirect({ to: '/login', search: { back: search.back } });
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
const you = createRoute({
    getParentRoute: () => shell,
    path: '/account',
    component: lazyRouteComponent(() => import('./features/account/You'), 'You'),
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
/** Nothing personal: a patient's number is not among them. */
const word = z.string().optional().catch(undefined);
const calendarDay = z.iso.date().optional().catch(undefined);
const logFilters = z.object({
    action: word,
    outcome: word,
    member: word,
    unit: word,
    from: calendarDay,
    until: calendarDay,
});
const guide = createRoute({
    getParentRoute: () => shell,
    path: '/start',
    component: needs(
        ['manage_gateways'],
        lazyRouteComponent(() => import('./features/start/Guide'), 'Guide'),
    ),
});
const gateways = createRoute({
    getParentRoute: () => shell,
    path: '/gateways',
    component: needs(
        ['manage_gateways'],
        lazyRouteComponent(() => import('./features/gateways/Gateways'), 'Gateways'),
    ),
});
const organisations = createRoute({
    getParentRoute: () => shell,
    path: '/organisations',
    component: needs(
        ['run_hub'],
        lazyRouteComponent(() => import('./features/organisations/Organisations'), 'Organisations'),
    ),
});
const health = createRoute({
    getParentRoute: () => shell,
    path: '/health',
    component: needs(
        ['run_hub'],
        lazyRouteComponent(() => import('./features/organisations/Health'), 'Health'),
    ),
});
const organisation = createRoute({
    getParentRoute: () => shell,
    path: '/organisation',
    validateSearch: z.object({
        tab: z
            .enum(['particulars', 'units', 'partners', 'approval', 'login'])
            .catch('particulars')
            .default('particulars'),
    }),
    component: needs(
        ['manage_organisation'],
        lazyRouteComponent(() => import('./features/organisation/OrganisationPage'), 'OrganisationPage'),
    ),
});
const find = createRoute({
    getParentRoute: () => shell,
    path: '/find',
    component: needs(
        ['find'],
        lazyRouteComponent(() => import('./features/find/Find'), 'Find'),
    ),
});
const share = createRoute({
    getParentRoute: () => shell,
    path: '/share',
    component: needs(
        ['share'],
        lazyRouteComponent(() => import('./features/share/Share'), 'Share'),
    ),
});
const emergency = createRoute({
    getParentRoute: () => shell,
    path: '/emergency',
    component: needs(
        ['share'],
        lazyRouteComponent(() => import('./features/share/Emergency'), 'Emergency'),
    ),
});
const shares = createRoute({
    getParentRoute: () => shell,
    path: '/shares',
    validateSearch: z.object({
        show: z.enum(['all', 'under_way', 'trouble', 'done', 'emergency']).catch('all').default('all'),
    }),
    component: needs(
        ['share'],
        lazyRouteComponent(() => import('./features/shares/Shares'), 'Shares'),
    ),
});
const sharePage = createRoute({
    getParentRoute: () => shell,
    path: '/shares/$id',
    component: needs(
        ['share'],
        lazyRouteComponent(() => import('./features/shares/SharePage'), 'SharePage'),
    ),
});
const inbox = createRoute({
    getParentRoute: () => shell,
    path: '/inbox',
    validateSearch: z.object({ box: z.enum(['new', 'under_way', 'done']).catch('new').default('new') }),
    component: needs(
        ['receive'],
        lazyRouteComponent(() => import('./features/inbox/Inbox'), 'Inbox'),
    ),
});
const inboxPage = createRoute({
    getParentRoute: () => shell,
    path: '/inbox/$id',
    component: needs(
        ['receive'],
        lazyRouteComponent(() => import('./features/inbox/InboxPage'), 'InboxPage'),
    ),
});
const requests = createRoute({
    getParentRoute: () => shell,
    path: '/requests',
    validateSearch: z.object({
        side: z.enum(['received', 'asked']).optional().catch(undefined),
        show: z.enum(['waiting', 'answered', 'over', 'all']).catch('waiting').default('waiting'),
    }),
    component: needs(
        ['find'],
        lazyRouteComponent(() => import('./features/requests/Requests'), 'Requests'),
    ),
});
const requestNew = createRoute({
    getParentRoute: () => shell,
    path: '/requests/new',
    component: needs(
        ['receive'],
        lazyRouteComponent(() => import('./features/requests/Ask'), 'Ask'),
    ),
});
const requestPage = createRoute({
    getParentRoute: () => shell,
    path: '/requests/$id',
    component: needs(
        ['find'],
        lazyRouteComponent(() => import('./features/requests/RequestPage'), 'RequestPage'),
    ),
});
const members = createRoute({
    getParentRoute: () => shell,
    path: '/members',
    validateSearch: z.object({ show: z.enum(['active', 'closed', 'all']).catch('active').default('active') }),
    component: needs(
        ['manage_members'],
        lazyRouteComponent(() => import('./features/members/Members'), 'Members'),
    ),
});
const member = createRoute({
    getParentRoute: () => shell,
    path: '/members/$id',
    component: needs(
        ['manage_members'],
        lazyRouteComponent(() => import('./features/members/MemberPage'), 'MemberPage'),
    ),
});
const explain = createRoute({
    getParentRoute: () => shell,
    path: '/members/$id/permissions',
    validateSearch: z.object({ unit: z.string().optional().catch(undefined) }),
    component: needs(
        ['manage_members'],
        lazyRouteComponent(() => import('./features/members/Explain'), 'Explain'),
    ),
});
const roles = createRoute({
    getParentRoute: () => shell,
    path: '/roles',
    component: needs(
        ['manage_members'],
        lazyRouteComponent(() => import('./features/members/Roles'), 'Roles'),
    ),
});
const approvals = createRoute({
    getParentRoute: () => shell,
    path: '/approvals',
    component: needs(
        ['manage_members'],
        lazyRouteComponent(() => import('./features/members/Approvals'), 'Approvals'),
    ),
});
const machines = createRoute({
    getParentRoute: () => shell,
    path: '/machines',
    component: needs(
        ['manage_machines'],
        lazyRouteComponent(() => import('./features/machines/Machines'), 'Machines'),
    ),
});
const patients = createRoute({
    getParentRoute: () => shell,
    path: '/patients',
    component: needs(
        ['register_will', 'find', 'emergency'],
        lazyRouteComponent(() => import('./features/patients/Patients'), 'Patients'),
    ),
});
const log = createRoute({
    getParentRoute: () => shell,
    path: '/log',
    validateSearch: logFilters,
    component: needs(
        ['search_audit'],
        lazyRouteComponent(() => import('./features/log/Log'), 'Log'),
    ),
});
const spotChecks = createRoute({
    getParentRoute: () => shell,
    path: '/spot-checks',
    component: needs(
        ['review_audit'],
        lazyRouteComponent(() => import('./features/log/SpotChecks'), 'SpotChecks'),
    ),
});
const review = createRoute({
    getParentRoute: () => shell,
    path: '/spot-checks/$id',
    component: needs(
        ['review_audit'],
        lazyRouteComponent(() => import('./features/log/Review'), 'Review'),
    ),
});
const emergencies = createRoute({
    getParentRoute: () => shell,
    path: '/emergencies',
    validateSearch: z.object({ show: z.enum(['waiting', 'reviewed']).catch('waiting').default('waiting') }),
    component: needs(
        ['review_audit'],
        lazyRouteComponent(() => import('./features/log/Emergencies'), 'Emergencies'),
    ),
});
const watched = createRoute({
    getParentRoute: () => shell,
    path: '/watched',
    component: needs(
        ['review_audit'],
        lazyRouteComponent(() => import('./features/log/Watched'), 'Watched'),
    ),
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
    component: needs(['handle_orders'], NotFound),
});

const tree = root.addChildren([
    plain.addChildren([
        login,
        secondFactor,
        organisationLogin,
        bankIdLogin,
        forgotten,
        setUp,
        invitation,
        assignment,
        ended,
    ]),
    shell.addChildren([
        start,
        you,
        sessions,
        factors,
        guide,
        gateways,
        organisations,
        health,
        organisation,
        find,
        share,
        emergency,
        shares,
        sharePage,
        inbox,
        inboxPage,
        requests,
        requestNew,
        requestPage,
        members,
        member,
        explain,
        roles,
        approvals,
        machines,
        patients,
        log,
        spotChecks,
        review,
        emergencies,
        watched,
        design,
        forbidden,
    ]),
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
