import { ProblemError } from '@/api/problem';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Badge, StateLight } from '@/ui/State';

const fromServer = new ProblemError({
    word: 'something-new',
    status: 409,
    title: 'The server’s own title',
    detail: 'And its own advice, for a word that the portal does not know.',
    mayRetry: true,
});
const notAllowed = new ProblemError({
    word: 'no-permission',
    status: 403,
    permission: 'manage_members',
    would: ['administrator'],
    mayRetry: false,
});

export function Messages() {
    return (
        <div className="stack-wide">
            <section className="card stack" aria-labelledby="states">
                <h2 id="states">States</h2>
                <div className="row">
                    <StateLight is="good">Delivered</StateLight>
                    <StateLight is="going">Under way</StateLight>
                    <StateLight is="waiting">Waiting</StateLight>
                    <StateLight is="act">Stopped</StateLight>
                    <StateLight is="off">Withdrawn</StateLight>
                    <Badge>CT</Badge>
                    <Badge accent>New</Badge>
                </div>
            </section>
            <section className="stack" aria-labelledby="notices">
                <h2 id="notices">Notices</h2>
                <Notice title="Region Skåne has changed its address">Bildbro uses the new one from tomorrow.</Notice>
                <Notice kind="success" title="312 of 312 images delivered">
                    To Region Skåne at 10:42.
                </Notice>
                <Notice kind="warning" title="The gateway has been off-line since 09:15">
                    Bildbro retries by itself. Nothing is lost.
                </Notice>
                <Notice kind="error" title="The PACS refuses these images" actions={<Button>Try again</Button>}>
                    It does not know the patient. Ask the recipient to admit the patient first.
                </Notice>
                <ProblemView error={new TypeError('Failed to fetch')} onRetry={() => {}} />
                <ProblemView error={notAllowed} />
                <ProblemView error={fromServer} onRetry={() => {}} />
            </section>
            <section className="stack" aria-labelledby="empty">
                <h2 id="empty">Empty and on its way</h2>
                <EmptyState title="Nothing has come yet" action={<Button kind="primary">Ask for images</Button>}>
                    Images that others send to you appear here. You can also ask another hospital for them.
                </EmptyState>
                <div className="card">
                    <Skeleton lines={4} />
                </div>
            </section>
        </div>
    );
}
