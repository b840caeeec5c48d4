namespace Troupe.Guest.Tests;

/// <summary>Marks cases whose guest is still being written: <c>[Trait(Pending.State, Pending.Yes)]</c>. <c>./troupe test</c> leaves them out,
/// counting them nowhere; <c>./troupe test guest --filter NAME</c> runs them. Whoever makes one pass takes the mark away.</summary>
internal static class Pending
{
    public const string State = "State";
    public const string Yes = "Pending";
}
