// What do we have of this patient, and what of it is to be shared? Found studies
// come as the PACS answers, and those that are ticked lie in the basket.

import './find.css';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FoundStudy, SearchQuery } from '@/api/exchange';
import { renewed, toggled, useBasket } from '@/exchange/basket';
import { studyKey } from '@/exchange/groups';
import { useSearch } from '@/exchange/search';
import { useMay } from '@/session/queries';
import { Button } from '@/ui/Button';
import { focusedRow, useKeys, walkRows } from '@/ui/keys';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { useArranged } from './arrange';
import { BasketPanel } from './BasketPanel';
import { Details } from './Details';
import { Groups, ROW, ROW_FOCUS } from './Groups';
import { KeyHelp } from './KeyHelp';
import { SearchForm } from './SearchForm';
import { NothingYet, Progress, Troubles } from './Status';

export function Find() {
    const { t } = useTranslation('find');
    const may = useMay();
    const navigate = useNavigate();
    const { search, start, stop } = useSearch('find');
    const { draft, change } = useBasket();
    const [shown, setShown] = useState<FoundStudy>();
    const field = useRef<HTMLInputElement>(null);
    const { groups, settle } = useArranged(search);
    const mayShare = may('share');
    const chosen = new Set(draft?.studies.map(studyKey));
    const rowStudy = () => {
        const key = focusedRow(ROW)?.dataset.study;
        return search.studies.find((study) => studyKey(study) === key);
    };
    const toRow = (step: number) => {
        settle();
        walkRows(ROW, ROW_FOCUS, step);
    };
    const press = () => focusedRow(ROW)?.querySelector<HTMLElement>('input[type="checkbox"]')?.click();
    useKeys({
        '/': () => {
            field.current?.focus();
            field.current?.select();
        },
        j: () => toRow(1),
        k: () => toRow(-1),
        x: press,
        s: () => mayShare && draft && draft.studies.length > 0 && void navigate({ to: '/share' }),
    });
    const { isWhole, studies } = search;
    useEffect(() => {
        if (mayShare && isWhole) change((before) => renewed(before, studies));
    }, [mayShare, isWhole, studies, change]);
    const ask = (query: SearchQuery) => void start(query);
    return (
        <>
            <PageHeader
                title={t('title')}
                lead={t('lead')}
                actions={
                    mayShare && (
                        <LinkButton href="/emergency" icon="warning">
                            {t('emergency')}
                        </LinkButton>
                    )
                }
            />
            <div className={mayShare ? 'find with-basket' : 'find'}>
                <div className="stack find-main">
                    <SearchForm inputRef={field} onSearch={ask} last={search.query} />
                    {search.query && (
                        <div className="row between search-status">
                            <Progress search={search} patients={groups.length} />
                            {search.isGoing && (
                                <Button kind="quiet" onPress={stop}>
                                    {t('stop')}
                                </Button>
                            )}
                        </div>
                    )}
                    {Boolean(search.error) && (
                        <ProblemView error={search.error} onRetry={() => search.query && ask(search.query)} />
                    )}
                    <Troubles search={search} onAgain={() => search.query && ask(search.query)} />
                    <NothingYet search={search} />
                    <Groups
                        groups={groups}
                        chosen={chosen}
                        mayChoose={mayShare}
                        onTouch={settle}
                        onToggle={(studies, isIn) => change((before) => toggled(before, studies, isIn))}
                        onDetails={setShown}
                        onEnter={() => setShown(rowStudy())}
                    />
                    {groups.length > 0 && <KeyHelp mayShare={mayShare} />}
                </div>
                {mayShare && <BasketPanel />}
            </div>
            <Details study={shown} onClose={() => setShown(undefined)} />
        </>
    );
}
