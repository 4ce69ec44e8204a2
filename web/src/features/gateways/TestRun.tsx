// A test image on its way: made at the gateway, through the hub, into the PACS.
// The line fills as it goes; when it stops, the page says why and what to do.

import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { TestImage } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { type Stage, StageLine } from '@/ui/StageLine';
import { gateways } from './calls';

const PLACES: Record<string, Stage> = {
    made: 'received',
    at_hub: 'atHub',
    allowed: 'allowed',
    under_way: 'underWay',
    in_pacs: 'inPacs',
};
const ASK_MS = 1000;

export function isOver({ stages, failure }: TestImage): boolean {
    return Boolean(failure) || stages.some(({ stage, at }) => stage === 'in_pacs' && at);
}

export function TestRun(props: { gateway: string; canStart: boolean; onDone?(): void }) {
    const { t } = useTranslation('gateways');
    const start = useAct(() => gateways.test(props.gateway), { renews: [] });
    return (
        <div className="stack">
            {start.error && <ProblemView error={start.error} />}
            {start.data && <Run key={start.data.delivery} delivery={start.data.delivery} onDone={props.onDone} />}
            <div>
                <Button
                    kind={start.data ? 'secondary' : 'primary'}
                    isDisabled={!props.canStart}
                    isPending={start.isPending}
                    onPress={() => start.mutate()}
                >
                    {t(start.data ? 'test.again' : 'test.send')}
                </Button>
            </div>
            {!props.canStart && <p className="muted">{t('test.notLive')}</p>}
        </div>
    );
}

function Run({ delivery, onDone }: { delivery: string; onDone?(): void }) {
    const { t, i18n } = useTranslation('gateways');
    const { number } = useFormat();
    const word = useWord();
    const run = useQuery({
        queryKey: ['test', delivery],
        queryFn: () => gateways.tested(delivery),
        refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : ASK_MS),
    });
    const hasArrived = Boolean(run.data && isOver(run.data) && !run.data.failure);
    // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it has arrived
    useEffect(() => {
        if (hasArrived) onDone?.();
    }, [hasArrived]);
    return (
        <Loaded query={run}>
            {({ stages, failure, remedy, seconds }) => {
                const passed = new Set(stages.filter(({ at }) => at).map(({ stage }) => PLACES[stage]));
                const counts = Object.fromEntries(
                    Object.values(PLACES).map((stage) => [stage, passed.has(stage) ? 1 : 0]),
                ) as Record<Stage, number>;
                const stopped = !failure ? undefined : Object.values(PLACES).find((stage) => !passed.has(stage));
                const tenths = number(Math.round(seconds * 10) / 10);
                return (
                    <div className="stack">
                        <StageLine counts={counts} of={1} stoppedAt={stopped} />
                        <div role="status">
                            {failure && (
                                <Notice kind="error" title={word('failure', failure)}>
                                    <p>{remedy?.[i18n.language === 'en' ? 'en' : 'sv'] ?? t('test.remedy')}</p>
                                </Notice>
                            )}
                            {hasArrived && (
                                <Notice kind="success" title={t('test.arrived', { seconds: tenths })}>
                                    {t('test.arrivedHint')}
                                </Notice>
                            )}
                            {!failure && !hasArrived && <p className="muted">{t('test.going', { seconds: tenths })}</p>}
                        </div>
                    </div>
                );
            }}
        </Loaded>
    );
}
