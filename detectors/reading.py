"""What does an event state?  From a typed payload to facts, marks and an outcome.

The readers stand by origin in ``reading_*``; what they say it with is in ``detectors.stating``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from detectors import events as e
from detectors import reading_disclosure as disclosure
from detectors import reading_enforcement as enforcement
from detectors import reading_neighbours as neighbours
from detectors import reading_registration as registration
from detectors import reading_society as society
from detectors import reading_supervision as supervision
from detectors.stating import NOTHING, Outcome, Reading, moment

__all__ = ["NOTHING", "SILENT", "Outcome", "Reading", "moment", "read"]

# What carries no fact, and why: caps on inspections, the official class and the timers have
# places of their own; pledges of goods are without points in the first release.
SILENT = frozenset({
    e.AssetPledged,
    e.InspectionDrawn,
    e.ClassOfMonth,
    e.DeadlineFellDue,
})  # fmt: skip

_READERS: Mapping[type[e.Payload], Callable[[Any, int, int], Reading]] = {
    e.Established: registration.established,
    e.BasicChanged: registration.basic_changed,
    e.LegalRepChanged: registration.legal_rep_changed,
    e.AddressChanged: registration.address_changed,
    e.CapitalChanged: registration.capital_changed,
    e.ShareholderChanged: registration.shareholder_changed,
    e.ExecutiveChanged: registration.executive_changed,
    e.Deregistration: registration.deregistration,
    e.LicenceRevoked: registration.licence_revoked,
    e.SuspensionFiled: registration.suspension,
    e.FalseRegistration: registration.cancelled_as_false,
    e.BranchChanged: neighbours.branch_changed,
    e.CapitalReductionNotice: registration.capital_reduction,
    e.SpecialMark: registration.special_mark,
    e.AnnualReportFiled: disclosure.annual_report,
    e.DisclosureCorrected: disclosure.disclosure_corrected,
    e.InstantInfo: disclosure.instant_info,
    e.DisclosureOrdered: disclosure.disclosure_ordered,
    e.EquityPledged: disclosure.equity_pledged,
    e.EquityFrozen: disclosure.equity_frozen,
    e.AbnormalAdded: disclosure.abnormal_added,
    e.AbnormalRemoved: disclosure.abnormal_removed,
    e.SeriousListChanged: disclosure.serious_list,
    e.PermitGranted: disclosure.permit_granted,
    e.PermitEnded: disclosure.permit_ended,
    e.InspectionStarted: supervision.inspection_started,
    e.InspectionResult: supervision.inspection,
    e.RectificationOrdered: supervision.rectification,
    e.RectifiedOrGraded: supervision.rectified_or_graded,
    e.FoodSampled: supervision.food_sample,
    e.ProductSampled: supervision.product_sample,
    e.Reinspected: supervision.reinspected,
    e.RecallChanged: supervision.recall,
    e.MonitoringHit: supervision.monitoring,
    e.EquipmentRegistered: supervision.equipment_registered,
    e.EquipmentInspected: supervision.equipment_inspected,
    e.EquipmentIncident: supervision.equipment_incident,
    e.EquipmentOrdered: supervision.equipment_ordered,
    e.MeterVerified: supervision.meter,
    e.CertificateChanged: supervision.certificate,
    e.CaseChanged: enforcement.case,
    e.PenaltyDecided: enforcement.penalty,
    e.CoerciveMeasure: enforcement.coercive,
    e.PenaltyFollowed: enforcement.penalty_followed,
    e.ComplaintReceived: society.complaint,
    e.FoodIncident: society.food_incident,
    e.ReportVerified: society.report_verified,
    e.ComplaintClosed: society.complaint_closed,
    e.OpinionHit: society.opinion,
    e.JudicialRecord: society.judicial,
    e.ExternalRecord: society.external,
    e.UtilityUsage: society.utility,
    e.CommitmentMade: society.commitment,
    e.HonourGranted: society.honour,
    e.WarningHandled: society.warning_handled,
    e.RepairDecided: society.repaired,
    e.NeighbourTrouble: neighbours.trouble,
    e.NeighbourDensity: neighbours.density,
}


def read(event: e.Event, *, identity: int, at: int) -> Reading:
    """Return what an ADD or UPDATE event states.

    ``identity`` is the fact id that follows from the event's source and id; ``at`` its time in
    seconds.
    """
    data = event.data
    if type(data) is e.ObjectionChanged:  # it may speak of an event of its own source
        return society.objection(data, identity, at, source=event.source)
    reader = _READERS.get(type(data))
    return reader(data, identity, at) if reader else NOTHING
