using Troupe.Actors;

namespace TroupeApp;

/// <summary>Somebody comes in at a door; the answer is what the door says.</summary>
internal readonly record struct Visit(Reply<string> Greeting);

/// <summary>A door wants the next visitor's number.</summary>
internal readonly record struct NextNumber(Reply<long> Number);
