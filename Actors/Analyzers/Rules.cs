using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>Every rule: what it is called, and what it tells the developer to do. docs/analyzers.md has an example of each.</summary>
internal static class Rules
{
    private const string Isolation = "Isolation";
    private const string Ownership = "Ownership";
    private const string Behaviour = "Behaviour";
    private const string Protocol = "Protocol";

    public static readonly DiagnosticDescriptor NotSendable = Error(
        "TRP0001", Isolation, "A message must be sendable", "'{0}' cannot be shared by actors: {1} {2}; {3}");

    public static readonly DiagnosticDescriptor ContractNeedsReason = Error(
        "TRP0002", Isolation, "Vouching needs a reason",
        "SendableByContract on '{0}' gives no reason; say why sharing it between actors is safe");

    public static readonly DiagnosticDescriptor UseAfterMove = Error(
        "TRP0003", Ownership, "An owned value is used after it was given away",
        "'{0}' may be used here after it was {1} in line {2}; use it before, or give it a new value first");

    public static readonly DiagnosticDescriptor NotDisposed = Error(
        "TRP0004", Ownership, "An owned value is neither moved nor disposed of",
        "'{0}' is still owned {1}; move it or dispose of it on every path");

    public static readonly DiagnosticDescriptor Boxed = Error(
        "TRP0005", Ownership, "An owned value is converted to a type that is not owned",
        "'{0}' is owned, and as '{1}' nobody can tell who owns it; keep its own type");

    public static readonly DiagnosticDescriptor Captured = Error(
        "TRP0006", Ownership, "An owned value is captured by a function",
        "'{0}' is owned, and the function may run later or more than once; pass it as an argument");

    public static readonly DiagnosticDescriptor MovedAgainstContract = Error(
        "TRP0007", Ownership, "A method moves what it says the caller keeps",
        "'{0}' was {1} in line {2}, but {3}; keep it, or change what the signature says");

    public static readonly DiagnosticDescriptor Blocking = Error(
        "TRP0008", Behaviour, "An actor blocks its worker", "{0} blocks the worker that runs this actor; {1}");

    public static readonly DiagnosticDescriptor MutableStatic = Error(
        "TRP0009", Isolation, "An actor touches a mutable static",
        "'{0}' is shared by all actors and {1}; make it readonly and immutable, or let one actor own it and answer messages");

    public static readonly DiagnosticDescriptor StateEscapes = Error(
        "TRP0010", Isolation, "An actor's state is captured by code that runs beside its turns",
        "{0} runs this code beside the actor's turns, and it captures '{1}'; copy what it needs into locals and send the result to Context.Self");

    public static readonly DiagnosticDescriptor LeavesActor = Error(
        "TRP0011", Isolation, "ConfigureAwait(false) leaves the actor",
        "What follows ConfigureAwait(false) runs beside the actor's turns; drop it, so that it is a turn of the actor");

    public static readonly DiagnosticDescriptor UnsafeCode = Error(
        "TRP0012", Isolation, "Unsafe code in an actor",
        "{0} can reach memory of other actors; do this in a capability of Core, behind a bounds-checked interface");

    public static readonly DiagnosticDescriptor OutsideContract = Error(
        "TRP0013", Protocol, "A message outside the contract's state", "'{0}' breaks contract '{1}' whenever this line runs: {2}; {3}");

    public static readonly DiagnosticDescriptor DeadContract = Error(
        "TRP0014", Protocol, "A contract's declaration contradicts itself", "In contract '{0}' {1}; {2}");

    private static DiagnosticDescriptor Error(string id, string category, string title, string message) =>
        new(id, title, message, category, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: $"docs/analyzers.md#{id.ToLowerInvariant()}");
}
