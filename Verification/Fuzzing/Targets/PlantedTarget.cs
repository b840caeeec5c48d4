using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>Planted: fails on an ARP packet that asks for one address, which no input to begin with asks for. `./troupe verify fuzz --target planted` finds it.</summary>
internal sealed class PlantedTarget() : FuzzTarget("planted")
{
    private static readonly Ipv4Address _asked = Ipv4Address.From(10, 0, 0, 66);

    public override IEnumerable<byte[]> Seeds => new ArpTarget().Seeds;

    public override void Run(ReadOnlySpan<byte> input) =>
        Require(ArpPacket.TryParse(input, out ArpPacket packet) != WireError.None || packet.TargetProtocol != _asked, $"planted: somebody asks for {_asked}");
}
