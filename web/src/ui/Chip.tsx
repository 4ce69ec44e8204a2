// Filters as a sentence: "Deliveries to [Region Skåne ×] since [1 November ×]".

import './words.css';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './Button';

export interface FilterPart {
    id: string;
    /** The words before the chip: "to", "since". */
    before: string;
    value: string;
}

export interface FilterSentenceProps {
    /** "All deliveries", "Deliveries". */
    subject: string;
    parts: FilterPart[];
    onRemove(id: string): void;
    onClear(): void;
}

export function FilterSentence({ subject, parts, onRemove, onClear }: FilterSentenceProps) {
    const { t } = useTranslation('ui');
    return (
        <div className="sentence">
            <span>{subject}</span>
            {parts.map(({ id, before, value }) => (
                <Fragment key={id}>
                    <span>{before}</span>
                    <span className="chip">
                        {value}
                        <IconButton icon="close" label={t('removeFilter', { value })} onPress={() => onRemove(id)} />
                    </span>
                </Fragment>
            ))}
            {parts.length > 1 && (
                <Button kind="quiet" onPress={onClear}>
                    {t('clearFilters')}
                </Button>
            )}
        </div>
    );
}
