// PCI Local Bus Specification 3.0, 3.2.2.3.4 (which functions a device has) and 6.2.1 (header type). PCI-to-PCI Bridge Architecture Specification 1.2, 3.2.5.4 (subordinate bus number).
namespace Troupe.Core.Machine;

/// <summary>Goes over the functions that are there, by their addresses: those of bus 0, and those behind bridges that firmware has numbered. Begins as zeros.</summary>
/// <typeparam name="TConfiguration">The seam to configuration space.</typeparam>
public struct PciFunctionWalk<TConfiguration>
    where TConfiguration : struct, IPciConfiguration
{
    private const uint FunctionStep = 1u << 8, DeviceStep = 1u << 11, FunctionBits = DeviceStep - FunctionStep;
    private const int BusShift = 16;
    private const uint Identifiers = 0x00, HeaderType = 0x0C, BusNumbers = 0x18;
    private const uint NoFunction = 0xFFFF, MultiFunction = 1u << 23, HeaderTypeBits = 0x7F, Bridge = 1;

    private uint _next;
    private uint _lastBus;

    /// <summary>Where it is, as <see cref="IPciConfiguration"/> wants it.</summary>
    public uint Function { get; private set; }

    /// <summary>Whether a bridge to another bus is there.</summary>
    public bool IsBridge { get; private set; }

    /// <summary>Whether there is a function.</summary>
    public static bool IsThere(uint function) => (TConfiguration.Read32(function, Identifiers) & 0xFFFF) != NoFunction;

    /// <summary>Goes to the next function. False: there is none.</summary>
    public bool TryMoveNext()
    {
        while (_next >> BusShift <= _lastBus)
        {
            uint function = _next;
            bool isThere = IsThere(function);
            uint header = isThere ? TConfiguration.Read32(function, HeaderType) : 0;
            // The last function's successor is the next device, and the last device's one of the next bus.
            _next += (function & FunctionBits) == 0 && (header & MultiFunction) == 0 ? DeviceStep : FunctionStep;
            if (isThere)
            {
                MoveTo(function, header);
                return true;
            }
        }

        return false;
    }

    private void MoveTo(uint function, uint header)
    {
        Function = function;
        IsBridge = (header >> 16 & HeaderTypeBits) == Bridge;
        if (IsBridge)
        {
            uint subordinate = TConfiguration.Read32(function, BusNumbers) >> 16 & 0xFF;
            _lastBus = subordinate > _lastBus ? subordinate : _lastBus;
        }
    }
}
