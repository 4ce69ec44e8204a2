import { useState } from 'react';
import { useFormat } from '@/i18n/format';
import { FilterSentence } from '@/ui/Chip';
import { type Condition, StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';

interface Row {
    id: string;
    patient: string;
    recipient: string;
    images: number;
    at: string;
    is: Condition;
    state: string;
}

const rows: Row[] = [
    {
        id: '1',
        patient: 'Tolvan Tolvansson',
        recipient: 'Region Skåne',
        images: 312,
        at: '2026-11-24T09:42:00Z',
        is: 'good',
        state: 'Delivered',
    },
    {
        id: '2',
        patient: 'Anna Testsson',
        recipient: 'Västra Götalandsregionen',
        images: 1204,
        at: '2026-11-24T08:15:00Z',
        is: 'going',
        state: 'Under way',
    },
    {
        id: '3',
        patient: 'Bo Testsson',
        recipient: 'Aleris Röntgen',
        images: 48,
        at: '2026-11-23T14:05:00Z',
        is: 'act',
        state: 'Stopped',
    },
];
const filters = [
    { id: 'to', before: 'to', value: 'Region Skåne' },
    { id: 'since', before: 'since', value: '1 November' },
];

export function Rows() {
    const { moment, number } = useFormat();
    const [parts, setParts] = useState(filters);
    const columns: Column<Row>[] = [
        { id: 'patient', name: 'Patient', value: (row) => row.patient, cell: (row) => row.patient },
        { id: 'recipient', name: 'Recipient', value: (row) => row.recipient, cell: (row) => row.recipient },
        { id: 'state', name: 'State', cell: (row) => <StateLight is={row.is}>{row.state}</StateLight> },
        { id: 'at', name: 'Since', value: (row) => row.at, cell: (row) => moment(row.at) },
        { id: 'images', name: 'Images', value: (row) => row.images, cell: (row) => number(row.images), isNumber: true },
    ];
    return (
        <div className="stack">
            <FilterSentence
                subject="Deliveries"
                parts={parts}
                onRemove={(id) => setParts(parts.filter((part) => part.id !== id))}
                onClear={() => setParts([])}
            />
            <Table
                label="Deliveries"
                columns={columns}
                rows={rows}
                rowId={(row) => row.id}
                rowHref={(row) => `/design?tab=rows#${row.id}`}
            />
        </div>
    );
}
