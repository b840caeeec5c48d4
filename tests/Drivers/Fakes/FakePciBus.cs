using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>Configuration spaces of functions that a test puts where it likes; nothing can be opened.</summary>
internal sealed class FakePciBus : PciBus
{
    private readonly Dictionary<(PciAddress, int), uint> _words = [];

    public List<PciAddress> Opened { get; } = [];

    public int Reads { get; private set; }

    public void Add(string address, ushort vendor, ushort device, uint classCode = 0, bool multipleFunctions = false, byte? bridgeTo = null)
    {
        var at = Parse(address);
        _words[(at, 0x00)] = vendor | ((uint)device << 16);
        _words[(at, 0x08)] = classCode << 8;
        _words[(at, 0x0C)] = ((multipleFunctions ? 0x80u : 0) | (bridgeTo is null ? 0u : 1u)) << 16;
        _words[(at, 0x18)] = (uint)(bridgeTo ?? 0) << 8;
    }

    public override uint ReadConfiguration(PciAddress address, int offset)
    {
        Reads++;
        return _words.GetValueOrDefault((address, offset), 0xFFFF_FFFF);
    }

    public override PciFunction Open(PciAddress address)
    {
        Opened.Add(address);
        throw new CapabilityException($"{address} is only a description.");
    }

    private static PciAddress Parse(string text) =>
        new(Convert.ToInt32(text[..2], 16), Convert.ToInt32(text[3..5], 16), text[6] - '0');
}
