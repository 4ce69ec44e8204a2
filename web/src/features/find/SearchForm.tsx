// One field for whatever one has in hand. What it is taken for stands below it,
// and can be changed; days and kind are folded away.

import { parseDate } from '@internationalized/date';
import { type Ref, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchQuery } from '@/api/exchange';
import { asked, isSaying, KINDS, type Kind, takenAs, takenFor } from '@/exchange/typed';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { PeriodField } from '@/ui/DateField';
import { TextField } from '@/ui/Field';
import { Icon } from '@/ui/icons';
import { Menu } from '@/ui/Menu';
import { written } from '@/ui/PatientStrip';
import { Select } from '@/ui/Select';

const ANY = 'any';
const MODALITIES = ['CT', 'MR', 'CR', 'DX', 'US', 'MG', 'NM', 'PT', 'XA', 'RF'];

interface Props {
    inputRef: Ref<HTMLInputElement>;
    onSearch(query: SearchQuery): void;
    /** What was searched for last, when one comes back. */
    last?: SearchQuery;
}

export function SearchForm({ inputRef, onSearch, last }: Props) {
    const { t } = useTranslation('find');
    const word = useWord();
    const [text, setText] = useState(last?.patient_id ?? last?.name ?? last?.accession ?? '');
    const [kind, setKind] = useState<Kind | undefined>(() => KINDS.find((one) => last?.[one]));
    const [narrow, setNarrow] = useState({ from: last?.from, until: last?.until, modality: last?.modality });
    const [isWide, setWide] = useState(Boolean(narrow.from || narrow.modality));
    const [isMissing, setMissing] = useState(false);
    const taken = kind ? takenAs(kind, text) : takenFor(text);
    const hasText = isSaying(text);
    const submit = () => {
        setMissing(!hasText && !narrow.from);
        if (hasText || narrow.from) onSearch({ ...(hasText ? asked(taken) : {}), ...narrow });
    };
    return (
        <form
            className="card stack"
            aria-label={t('search')}
            onSubmit={(event) => {
                event.preventDefault();
                submit();
            }}
        >
            <div className="search-row">
                <TextField
                    inputRef={inputRef}
                    label={t('field')}
                    value={text}
                    onChange={(typed) => {
                        setText(typed);
                        setKind(undefined);
                        setMissing(false);
                    }}
                    error={isMissing ? t('missing') : undefined}
                    autoComplete="off"
                    spellCheck="false"
                    autoFocus
                />
                <Button kind="primary" type="submit" icon="search">
                    {t('search')}
                </Button>
            </div>
            <div className="row search-taken">
                {hasText && (
                    <span className="row taken">
                        <span>
                            {t('asPrefix')} <strong>{t(`as.${taken.kind}`, { value: written(taken.value) })}</strong>
                        </span>
                        <Menu
                            label={t('asChange')}
                            className="button icon-only taken-change"
                            onAction={(id) => setKind(id as Kind)}
                            groups={[
                                {
                                    id: 'kind',
                                    items: KINDS.map((id) => ({
                                        id,
                                        name: t(`kind.${id}`),
                                        isChosen: id === taken.kind,
                                    })),
                                },
                            ]}
                        >
                            {null}
                        </Menu>
                    </span>
                )}
                <button
                    type="button"
                    className="as-link small fold"
                    aria-expanded={isWide}
                    onClick={() => setWide(!isWide)}
                >
                    <Icon name="chevron" />
                    {t('narrow')}
                </button>
            </div>
            {taken.isDoubtful && (
                <p className="field-error" role="status">
                    <Icon name="warning" />
                    {t('doubtful')}
                </p>
            )}
            {isWide && (
                <div className="filters">
                    <PeriodField
                        label={t('period')}
                        value={
                            narrow.from && narrow.until
                                ? { start: parseDate(narrow.from), end: parseDate(narrow.until) }
                                : null
                        }
                        onChange={(period) =>
                            setNarrow({
                                ...narrow,
                                from: period?.start.toString(),
                                until: period?.end.toString(),
                            })
                        }
                    />
                    <Select
                        label={t('modality')}
                        value={narrow.modality ?? ANY}
                        onChange={(id) => setNarrow({ ...narrow, modality: id === ANY ? undefined : String(id) })}
                        options={[
                            { id: ANY, name: t('anyModality') },
                            ...MODALITIES.map((id) => ({ id, name: word('modality', id), hint: id })),
                        ]}
                    />
                </div>
            )}
        </form>
    );
}
