using System.Diagnostics.CodeAnalysis;
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>
/// A hook for tests: does to the rings of virtio devices on PCI what a device might that breaks its rules, and keeps a guard before and behind each block that a device can reach.
/// An image has it only if it was built with <c>-p:TroupeDeviceFaults=true</c>; in all others the compiler takes it out.
/// </summary>
/// <remarks>
/// A ring is known by its address being written into a register. Of it only the device's part is written to: what the driver wrote there tells a real device where to read and write, and nothing but an IOMMU
/// would keep that one within the guest's own memory.
/// </remarks>
public static unsafe class DeviceFaults
{
    /// <summary>One page, so that what lies between guards is aligned as it was asked for.</summary>
    internal const int GuardLength = 4096;

    /// <summary>From the register that takes a used ring's address to the device's status, whose 0 is a reset (VIRTIO 1.2, section 4.1.4.3).</summary>
    private const int StatusFromQueueDevice = 20 - 48;

    private const byte Guard = 0xC9;
    private const int MostInterrupts = 300;
    private const int MostLost = 8;

    private static readonly Lock _gate = new();
    private static readonly List<PhysicalDmaBlock> _blocks = [];
    private static readonly List<Ring> _rings = [];
    private static readonly Dictionary<int, Action> _interrupts = [];
    private static long _changed;
    private static long _guarded;
    private static int _lost;

    /// <summary>Whether this image has the hook.</summary>
    [FeatureSwitchDefinition("Troupe.DeviceFaults")]
    public static bool IsBuiltIn => AppContext.TryGetSwitch("Troupe.DeviceFaults", out bool isOn) && isOn;

    /// <summary>Does one thing that a device may not do, at this moment, from this thread. What it was, in words; null if no ring is in use.</summary>
    /// <param name="random">What, and where. What is done follows from it alone.</param>
    public static string? Harm(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        lock (_gate)
        {
            var kind = (DeviceFault)random.Next(Enum.GetValues<DeviceFault>().Length);
            Ring[] rings = [.. _rings.Where(static ring => !ring.Block.IsDisposed)];
            if (rings.Length == 0)
            {
                return null;
            }

            Ring ring = rings[random.Next(rings.Length)];
            int interrupts = 1;
            switch (kind)
            {
                case DeviceFault.Dead:
                    ring.Registers.Write8(ring.QueueDevice + StatusFromQueueDevice, 0);
                    interrupts = 0;
                    break;
                case DeviceFault.LostInterrupt:
                    _lost = 1 + random.Next(MostLost);
                    interrupts = 0;
                    break;
                case DeviceFault.InterruptStorm:
                    interrupts = 1 + random.Next(MostInterrupts);
                    break;
                default:
                    UsedRing.Harm(new Span<byte>(ring.Block.Address + ring.Used, ring.Block.Length - ring.Used), kind, random);
                    break;
            }

            // Drivers look before the device goes on.
            for (; interrupts > 0; interrupts--)
            {
                foreach (Action interrupt in _interrupts.Values)
                {
                    interrupt();
                }
            }

            return kind.ToString();
        }
    }

    /// <summary>From now on every interrupt arrives.</summary>
    public static void End()
    {
        lock (_gate)
        {
            _lost = 0;
        }
    }

    /// <summary>Blocks that have had guards until now, and octets of guards that were changed.</summary>
    public static (long Blocks, long Changed) Look()
    {
        lock (_gate)
        {
            return (_guarded, _changed + _blocks.Sum(static block => (long)Changed(block)));
        }
    }

    /// <summary>Memory was allocated, with room for the guards.</summary>
    internal static void Allocated(PhysicalDmaBlock block)
    {
        lock (_gate)
        {
            _guarded++;
            _blocks.Add(block);
            Before(block).Fill(Guard);
            Behind(block).Fill(Guard);
        }
    }

    /// <summary>Memory goes back to the kernel.</summary>
    internal static void Freed(PhysicalDmaBlock block)
    {
        lock (_gate)
        {
            _changed += Changed(block);
            _blocks.Remove(block);
            _rings.RemoveAll(ring => ring.Block == block);
        }
    }

    /// <summary>A register was given an address: of the parts of a ring the used ring is shown last, and lies last.</summary>
    internal static void Shown(MappedRegisterWindow registers, int register, DmaBlock block, int offset)
    {
        if (block is not PhysicalDmaBlock physical || offset == 0)
        {
            return;
        }

        lock (_gate)
        {
            _rings.RemoveAll(ring => ring.Block == physical);
            _rings.Add(new Ring(physical, offset, registers, register));
        }
    }

    /// <summary>Interrupts of a vector go to a callback from now on; to the one that is returned, which loses some.</summary>
    internal static Action Connected(int vector, Action onInterrupt)
    {
        lock (_gate)
        {
            _interrupts[vector] = onInterrupt;
        }

        return () =>
        {
            if (!IsLost())
            {
                onInterrupt();
            }
        };
    }

    /// <summary>Interrupts of a vector go nowhere from now on.</summary>
    internal static void Disconnected(int vector)
    {
        lock (_gate)
        {
            _interrupts.Remove(vector);
        }
    }

    private static bool IsLost()
    {
        lock (_gate)
        {
            return _lost > 0 && _lost-- > 0;
        }
    }

    private static Span<byte> Before(PhysicalDmaBlock block) => new(block.Address - GuardLength, GuardLength);

    private static Span<byte> Behind(PhysicalDmaBlock block) => new(block.Address + block.Length, GuardLength);

    private static int Changed(PhysicalDmaBlock block) => (2 * GuardLength) - Before(block).Count(Guard) - Behind(block).Count(Guard);

    /// <summary>A ring that a device was shown: where its used ring is in its block, and the register that was told so.</summary>
    private sealed record Ring(PhysicalDmaBlock Block, int Used, MappedRegisterWindow Registers, int QueueDevice);
}
