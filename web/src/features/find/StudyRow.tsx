// One found study: when, what, where, how many images.

import { useTranslation } from 'react-i18next';
import type { FoundStudy } from '@/api/exchange';
import { studyKey } from '@/exchange/groups';
import { useSay } from '@/exchange/say';
import { IconButton } from '@/ui/Button';
import { Checkbox } from '@/ui/Choice';
import { Badge } from '@/ui/State';

interface Props {
    study: FoundStudy;
    isChosen: boolean;
    mayChoose: boolean;
    onToggle(isIn: boolean): void;
    onDetails(): void;
}

export function StudyRow({ study, isChosen, mayChoose, onToggle, onDetails }: Props) {
    const { t } = useTranslation('find');
    const say = useSay();
    const { date, time, modalities, institution, node, held, images } = study;
    const isHeld = images !== null && images > 0 && held >= images;
    const words = (
        <span className="study-words">
            <span className="study-when">
                {date || '–'} <span className="muted">{time}</span>
            </span>
            <span className="study-what">
                <strong>{say.study(study)}</strong>
                <span className="muted small">
                    {[institution || node, isHeld && t('held')].filter(Boolean).join(' · ')}
                </span>
            </span>
            <span className="study-kind">
                <Badge>{say.modalities(modalities)}</Badge>
            </span>
            <span className="study-images muted">{images === null ? t('unknownCount') : say.images(images)}</span>
        </span>
    );
    return (
        <li className="study" data-study={studyKey(study)}>
            {mayChoose ? (
                <Checkbox isSelected={isChosen} onChange={onToggle}>
                    {words}
                </Checkbox>
            ) : (
                words
            )}
            <IconButton
                icon="info"
                label={t('details', { study: `${say.study(study)} ${date}` })}
                onPress={onDetails}
            />
        </li>
    );
}
