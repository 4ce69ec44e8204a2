//! One suite per port, written against the port, run on every backend.
//!
//! A new backend is one function in [`backends`] and one line in each list
//! below. Time is explicit: nothing sleeps. After each test of a store its
//! audit chain is verified.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backends;
mod blobs;
mod cost;
mod faulty;
mod fixture;
mod fsck;
mod gateway;
mod hub_admit;
mod hub_deliver;
mod hub_directory;
mod hub_log;
mod hub_overview;
mod hub_retry;
mod hub_storage;
mod million;
mod people_directory;
mod people_errands;
mod people_exchange;
mod people_inbox;
mod people_log;
mod people_login;
mod people_members;
mod people_notices;
mod people_requests;
mod people_will;
mod postgres_only;
mod sqlite_only;

/// Makes a test of each function of a suite, on each backend.
macro_rules! on_every_backend {
    ($($backend:ident),*; $suite:ident $tests:tt) => {
        mod $suite { $(on_every_backend!(@one $backend $suite $tests);)* }
    };
    (@one $backend:ident $suite:ident [$($test:ident),* $(,)?]) => {
        mod $backend {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let opened = crate::backends::$backend().await;
                crate::$suite::$test(&opened.store).await;
                opened.verify().await;
            })*
        }
    };
}

mod on {
    on_every_backend!(hub_sqlite, hub_postgres; hub_admit [
        an_image_is_offered_sent_and_then_held,
        the_same_image_again_changes_nothing,
        the_same_image_twice_at_once_is_held_once,
        other_bytes_under_a_known_uid_are_set_aside,
        a_known_uid_under_another_study_is_set_aside,
        what_the_recipient_sent_itself_is_already_there,
        late_images_join_the_share_for_a_day,
        a_denied_share_keeps_the_image,
        what_is_held_waits_for_a_person,
        the_rest_of_a_study_shared_by_hand_follows,
        completeness_is_per_intent,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; hub_deliver [
        from_admission_to_receipt,
        images_come_in_order_and_in_bounded_tasks,
        an_expired_lease_makes_the_claim_stale,
        a_delivery_whose_last_word_was_lost_comes_to_its_end,
        a_new_run_of_a_gateway_frees_what_the_earlier_one_held,
        two_gateways_at_once_get_two_deliveries,
        a_revoked_share_releases_nothing_more,
        what_was_stored_before_a_revocation_is_on_record,
        an_expired_share_is_withdrawn,
        another_organisations_delivery_does_not_exist,
        a_revoked_gateway_gets_nothing,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; hub_retry [
        a_passing_failure_waits_longer_each_time,
        a_lasting_failure_stops_until_a_person_acts,
        an_image_that_failed_for_now_is_tried_again_later,
        done_without_doing_anything_is_no_loop,
        late_images_start_a_stopped_delivery_again,
        a_repeated_report_counts_once,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; hub_directory [
        names_and_ae_titles_are_taken_once,
        a_code_makes_one_gateway,
        a_code_used_at_once_by_two_makes_one_gateway,
        a_token_ends_with_its_time_or_its_gateway,
        an_assertion_is_good_once,
        hello_answers_everyone_else,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; hub_overview [
        hundreds_of_studies_are_summed_and_bounded,
        a_silent_recipient_is_seen,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; hub_storage [
        a_study_has_one_key_also_when_it_is_wrapped_anew,
        a_lost_image_is_wanted_again_and_restored,
        a_delivery_that_stopped_at_a_lost_image_goes_on_when_it_is_back,
        rows_name_what_is_held_and_what_was_set_aside,
        a_deleted_study_is_gone_with_its_key_and_its_shares,
        what_was_sealed_with_a_deleted_key_is_asked_for_again,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_will [
        a_block_bites_at_once_and_its_lifting_too,
        what_others_hold_is_told_with_consent_only,
        what_was_shared_is_seen_without_consent,
        an_emergency_opens_for_four_hours_to_who_decided_it,
        anothers_will_does_not_exist,
        the_same_patient_however_written,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_log [
        a_search_finds_by_each_filter_and_is_on_record,
        another_organisation_sees_what_passed_and_nothing_else,
        pages_stay_while_entries_are_appended,
        each_rule_hits_and_nearly_misses,
        one_does_not_judge_oneself,
        an_extract_tells_accesses_and_units_not_other_providers_staff,
        a_long_extract_is_read_in_pages,
        a_cursor_has_one_holder_and_goes_forward,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_directory [
        an_organisation_comes_with_its_administrator_or_not_at_all,
        a_closed_organisation_is_out_at_once,
        what_an_organisation_says_of_itself_is_kept,
        care_units_are_told_apart,
        a_sender_that_is_not_wanted_ends_in_the_list_to_share,
        a_gateway_is_cut_off_by_its_name,
        a_test_image_goes_the_ordinary_way,
        only_the_hubs_operator_runs_it,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_exchange [
        a_share_of_what_the_pacs_has_is_fetched_and_joins,
        two_patients_in_one_share_are_a_slip,
        who_does_not_take_it_stops_all_of_it,
        nothing_leaves_while_it_can_be_undone,
        an_emergency_is_not_held,
        a_share_taken_back_asks_for_its_copies,
        one_recipient_is_left_out_and_another_tried_again,
        the_same_looking_is_on_record_once,
        images_of_another_patient_do_not_join,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_inbox [
        what_is_held_waits_until_it_is_let_in,
        what_is_turned_away_is_over,
        the_inbox_comes_in_pages,
        what_differs_is_decided_by_a_person,
        what_has_come_is_given_to_someone,
        a_block_since_hides_what_has_not_come,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_errands [
        a_fetch_that_fails_is_tried_again_and_then_a_persons,
        a_search_is_its_sessions_alone,
        a_draft_and_favourites_are_ones_own,
        a_fetch_ends_with_the_last_share_that_waits_for_it,
        what_is_fetched_days_later_joins_and_what_is_not_is_said,
        fetches_do_not_hold_up_what_is_urgent,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_requests [
        a_request_is_asked_once_seen_by_two_and_by_nobody_else,
        a_request_is_taken_and_answered_with_a_share_of_the_patient,
        what_is_no_answer_is_refused_and_nothing_is_written,
        of_two_who_answer_at_once_one_does,
        a_request_ends_once,
        a_holder_is_reminded_once_a_day,
        a_request_that_nobody_answers_runs_out,
        an_answer_taken_back_is_waited_for_again,
        requests_come_in_pages,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_notices [
        who_receives_is_told_and_nobody_else,
        what_comes_together_is_told_together,
        what_was_given_to_someone_is_theirs_to_hear_of,
        a_digest_comes_once_a_day_if_there_is_anything_new,
        an_emergency_is_told_at_once_and_alone,
        what_is_seen_or_taken_back_is_not_told_of,
        what_nobody_opens_is_told_of_once,
        who_is_told_of_what_nobody_opens,
        what_is_held_or_recalled_is_told_of,
        without_a_post_nothing_is_written_and_the_sender_sees_all_the_same,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_members [
        administrators_who_remove_each_other_leave_one,
        an_administrator_who_never_came_does_not_count,
        a_letter_is_sent_once_however_often_it_takes,
        a_machines_token_ends_with_its_key,
    ]);
    on_every_backend!(hub_sqlite, hub_postgres; people_login [
        a_try_is_counted_once_at_whichever_hub,
        a_proof_lets_one_session_rise_once,
        a_ceremony_is_taken_once_and_in_time,
        a_provider_speaks_for_its_own_organisation,
        what_was_judged_before_a_change_does_not_hold_after_it,
    ]);
    on_every_backend!(gateway_sqlite; gateway [
        indexing_is_idempotent,
        answers_settle_images,
        settled_images_stay_settled_until_forgotten,
        images_for_a_node_wait_for_their_time,
        a_study_closes_only_as_it_was_judged,
        the_directory_is_kept,
    ]);
    on_every_backend!(blobs_folder, blobs_s3; blobs [
        small_and_large_blobs_read_back,
        a_write_given_up_leaves_nothing_to_read,
        a_permit_for_another_study_or_time_is_refused,
        a_blob_of_another_length_is_refused,
        a_storage_that_is_not_mounted_has_lost_nothing,
        writing_again_is_no_error,
        reading_begins_at_any_byte,
        an_upload_that_broke_off_goes_on_where_it_was,
        a_spoilt_upload_is_not_gone_on_with_and_spoils_nothing,
        more_bytes_than_announced_are_refused,
    ]);
}
