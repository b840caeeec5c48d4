namespace Troupe.Core.Tests;

/// <summary>PCI functions behind the <see cref="FakeMachine"/>'s ports or a configuration window.</summary>
internal sealed class FakePciBus
{
    private readonly FakeMachine _machine;
    private readonly Dictionary<uint, FakePciFunction> _functions = [];
    private uint _address;

    public FakePciBus(FakeMachine machine)
    {
        _machine = machine;
        machine.WritePort = (port, value) =>
        {
            if (port == 0xCF8)
            {
                _address = value;
            }
            else if (port == 0xCFC)
            {
                Find(_address & 0xFFFFFF)?.Write(_address & 0xFC, value);
            }
        };
        machine.ReadPort = (port, width) => port == 0xCFC && width == 4 && _address >> 31 == 1 ? Find(_address & 0xFFFFFF)?.Read(_address & 0xFC) ?? uint.MaxValue : uint.MaxValue;
    }

    public FakePciFunction Add(int device, int number, bool isMultiFunction = false, int bus = 0) =>
        _functions[(uint)((bus << 16) | (device << 11) | (number << 8))] = new FakePciFunction { IsMultiFunction = isMultiFunction };

    public void BehindWindow(ulong address)
    {
        _machine.WritePort = (_, _) => { };
        _machine.ReadPort = (_, _) => uint.MaxValue;
        _machine.ReadDevice = at => at - address < 1 << 20 ? Find((uint)(at - address) >> 12 << 8)?.Read((uint)at & 0xFFF) ?? uint.MaxValue : null;
        _machine.WriteDevice = (at, value) =>
        {
            Find((uint)(at - address) >> 12 << 8)?.Write((uint)at & 0xFFF, value);
            return true;
        };
    }

    private FakePciFunction? Find(uint address) => _functions.GetValueOrDefault(address & 0xFFFF00);
}
