// Found studies by patient: the newest first, the earlier ones below it.

import { useTranslation } from 'react-i18next';
import type { FoundStudy } from '@/api/exchange';
import { type Group, studyKey } from '@/exchange/groups';
import { Strip } from '@/exchange/Strip';
import { useFormat } from '@/i18n/format';
import { Checkbox } from '@/ui/Choice';
import { StudyRow } from './StudyRow';

export const ROW = '.study';
export const ROW_FOCUS = 'input, button';

interface Props {
    groups: Group[];
    chosen: Set<string>;
    mayChoose: boolean;
    onTouch(): void;
    onToggle(studies: FoundStudy[], isIn: boolean): void;
    onDetails(study: FoundStudy): void;
    /** Enter on a row. */
    onEnter(): void;
}

export function Groups(props: Props) {
    return (
        // biome-ignore lint/a11y/noStaticElementInteractions: Enter on a row's box opens the row; its button does the same
        <div
            className="stack-wide"
            onPointerMove={props.onTouch}
            onKeyDown={(event) => {
                const isBox = event.target instanceof HTMLInputElement && event.target.closest(ROW);
                if (event.key !== 'Enter' || !isBox) return;
                event.preventDefault();
                props.onEnter();
            }}
        >
            {props.groups.map((group) => (
                <PatientGroup key={group.patient.key} group={group} {...props} />
            ))}
        </div>
    );
}

function PatientGroup({ group, ...props }: Props & { group: Group }) {
    const { t } = useTranslation('find');
    const { number } = useFormat();
    const { patient, studies } = group;
    const { chosen, mayChoose, onToggle, onDetails } = props;
    const taken = studies.filter((study) => chosen.has(studyKey(study))).length;
    const [newest, ...earlier] = studies;
    const row = (study: FoundStudy) => (
        <StudyRow
            key={studyKey(study)}
            study={study}
            isChosen={chosen.has(studyKey(study))}
            mayChoose={mayChoose}
            onToggle={(isIn) => onToggle([study], isIn)}
            onDetails={() => onDetails(study)}
        />
    );
    return (
        <section className="found" aria-labelledby={`found-${patient.key}`}>
            <h2 id={`found-${patient.key}`} className="hidden">
                {t('of', { name: patient.name })}
            </h2>
            <Strip patient={patient} />
            <div className="found-rows">
                {mayChoose && studies.length > 1 && (
                    <div className="found-all">
                        <Checkbox
                            isSelected={taken === studies.length}
                            isIndeterminate={taken > 0 && taken < studies.length}
                            onChange={(isIn) => onToggle(studies, isIn)}
                        >
                            {t('all', { count: studies.length, n: number(studies.length) })}
                        </Checkbox>
                    </div>
                )}
                <h3 className="found-when">{t('newest')}</h3>
                <ul>{newest && row(newest)}</ul>
                {earlier.length > 0 && (
                    <>
                        <h3 className="found-when">{t('earlier')}</h3>
                        <ul>{earlier.map(row)}</ul>
                    </>
                )}
            </div>
        </section>
    );
}
