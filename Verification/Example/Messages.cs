namespace Troupe.Verification.Example;

/// <summary>A customer wants a seat.</summary>
internal readonly record struct Order(int Customer);

/// <summary>A customer has got a seat.</summary>
internal readonly record struct Sale(int Customer, int Seat);
