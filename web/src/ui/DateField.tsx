// A day, and a period of days. Typed piece by piece in the order of the
// language, or picked in a calendar. Values are calendar days without a zone
// (`CalendarDate`); the server gives them their zone.

import './field.css';
import type { CalendarDate } from '@internationalized/date';
import { Button } from 'react-aria-components/Button';
import { Calendar, CalendarCell, CalendarGrid, CalendarHeading } from 'react-aria-components/Calendar';
import { DateInput, DateSegment } from 'react-aria-components/DateField';
import { DatePicker, type DatePickerProps } from 'react-aria-components/DatePicker';
import { DateRangePicker, type DateRangePickerProps } from 'react-aria-components/DateRangePicker';
import { Dialog } from 'react-aria-components/Dialog';
import { Group } from 'react-aria-components/Group';
import { Popover } from 'react-aria-components/Popover';
import { RangeCalendar } from 'react-aria-components/RangeCalendar';
import { type Described, FieldLabel, FieldWords } from './Field';
import { Icon } from './icons';

type Plain<P> = Omit<P, 'children' | 'className' | 'style' | 'isInvalid'>;

function Pieces({ slot }: { slot?: 'start' | 'end' }) {
    return (
        <DateInput slot={slot} className="segments">
            {(segment) => <DateSegment segment={segment} className="segment" />}
        </DateInput>
    );
}

function Opener() {
    return (
        <Button className="button icon-only">
            <Icon name="calendar" />
        </Button>
    );
}

function Month() {
    return (
        <>
            <header>
                <Button slot="previous" className="button icon-only back-to-left">
                    <Icon name="next" />
                </Button>
                <CalendarHeading />
                <Button slot="next" className="button icon-only">
                    <Icon name="next" />
                </Button>
            </header>
            <CalendarGrid>{(date) => <CalendarCell date={date} className="day" />}</CalendarGrid>
        </>
    );
}

export function DateField({ label, hint, error, optional, ...rest }: Described & Plain<DatePickerProps<CalendarDate>>) {
    return (
        <DatePicker {...rest} isInvalid={Boolean(error)} className="field">
            <FieldLabel label={label} optional={optional} />
            <Group className="inputs">
                <Pieces />
                <Opener />
            </Group>
            <FieldWords label={label} hint={hint} error={error} />
            <Popover className="popover" offset={4}>
                <Dialog>
                    <Calendar className="calendar single">
                        <Month />
                    </Calendar>
                </Dialog>
            </Popover>
        </DatePicker>
    );
}

export function PeriodField({
    label,
    hint,
    error,
    optional,
    ...rest
}: Described & Plain<DateRangePickerProps<CalendarDate>>) {
    return (
        <DateRangePicker {...rest} isInvalid={Boolean(error)} className="field period">
            <FieldLabel label={label} optional={optional} />
            <Group className="inputs">
                <Pieces slot="start" />
                <span aria-hidden="true">–</span>
                <Pieces slot="end" />
                <Opener />
            </Group>
            <FieldWords label={label} hint={hint} error={error} />
            <Popover className="popover" offset={4}>
                <Dialog>
                    <RangeCalendar className="calendar">
                        <Month />
                    </RangeCalendar>
                </Dialog>
            </Popover>
        </DateRangePicker>
    );
}
