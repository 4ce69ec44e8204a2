// What the PACS has of the patient, the newest first.

import { useTranslation } from 'react-i18next';
import type { FoundStudy } from '@/api/exchange';
import { byPatient, studyKey } from '@/exchange/groups';
import { SeveralPatients } from '@/exchange/SeveralPatients';
import { Strip } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import type { Search } from '@/exchange/search';
import { useWord } from '@/i18n/word';
import { Checkbox } from '@/ui/Choice';
import { Icon } from '@/ui/icons';
import { Notice } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';

interface Props {
    search: Search;
    studies: FoundStudy[];
    isChosen(key: string): boolean;
    onToggle(key: string, isIn: boolean): void;
    isMissing: boolean;
}

export function EmergencyStudies({ search, studies, isChosen, onToggle, isMissing }: Props) {
    const { t } = useTranslation('share');
    const say = useSay();
    const word = useWord();
    const groups = byPatient(studies);
    const { isGoing, problems, error } = search;
    return (
        <>
            {groups.map(({ patient }) => (
                <Strip key={patient.key} patient={patient} />
            ))}
            <SeveralPatients patients={groups.map(({ patient }) => patient)} isNews />
            {problems.map(({ gateway, node, failure }) => (
                <Notice
                    key={`${gateway} ${node}`}
                    kind="warning"
                    title={`${node || gateway}: ${word('failure', failure)}`}
                    isNews
                />
            ))}
            {studies.length > 0 && (
                <fieldset className="emergency-studies">
                    <legend className="label">{t('emergency.which')}</legend>
                    <p className="hint">{t('emergency.whichHint')}</p>
                    {studies.map((study) => (
                        <Checkbox
                            key={studyKey(study)}
                            isSelected={isChosen(studyKey(study))}
                            isInvalid={isMissing}
                            onChange={(isIn) => onToggle(studyKey(study), isIn)}
                        >
                            {say.study(study)}
                            <span className="muted small">
                                {study.date} {study.time} · {say.modalities(study.modalities)} ·{' '}
                                {say.images(study.images)}
                            </span>
                        </Checkbox>
                    ))}
                    {isMissing && (
                        <p className="field-error" role="alert">
                            <Icon name="error" />
                            {t('emergency.chooseStudy')}
                        </p>
                    )}
                </fieldset>
            )}
            <div role="status">
                {isGoing && studies.length === 0 && (
                    <>
                        <span className="hidden">{t('emergency.looking')}</span>
                        <Skeleton lines={3} />
                    </>
                )}
                {!isGoing && !error && studies.length === 0 && <p className="muted">{t('emergency.nothing')}</p>}
            </div>
        </>
    );
}
