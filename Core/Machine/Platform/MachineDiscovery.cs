namespace Troupe.Core.Machine;

/// <summary>Finds out what the machine consists of; runs once at boot, on the bootstrap processor.</summary>
public static unsafe class MachineDiscovery<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>Fills the description.</summary>
    /// <param name="startInfo">Physical address of the loader's <c>hvm_start_info</c>.</param>
    /// <param name="machine">What to fill.</param>
    /// <returns>False when the loader's structure is missing: nothing is known then, not even the memory.</returns>
    public static bool Discover(ulong startInfo, MachineDescription* machine)
    {
        MachineDescription.Clear(machine);
        return PvhStartInfo<TPhysical>.Read(startInfo, machine);
    }
}
