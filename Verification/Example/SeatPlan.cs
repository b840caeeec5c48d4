namespace Troupe.Verification.Example;

/// <summary>The seats that are left.</summary>
internal sealed class SeatPlan(int seats)
{
    public int Seats => seats;

    public int NextFree { get; set; }
}
