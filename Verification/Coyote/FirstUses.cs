using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Coyote.Rewriting;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Runs the static constructors of all rewritten assemblies before the first schedule. Else a type would be initialised within the schedule that happens to use it first, with scheduling points that no
/// later one has; and its static lists and dictionaries would be watched by Coyote, or not, depending on whether another test ran at that moment.
/// </summary>
internal static class FirstUses
{
    /// <summary>Does it.</summary>
    public static void Make()
    {
        var assemblies = new Queue<Assembly>([typeof(FirstUses).Assembly]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (assemblies.TryDequeue(out var assembly))
        {
            if (!seen.Add(assembly.FullName!) || !RewritingEngine.IsAssemblyRewritten(assembly)) continue;
            // Those of generic types are instances' own, and are left to the runs that warm a test up.
            foreach (var type in assembly.GetTypes().Where(type => !type.ContainsGenericParameters && type.TypeInitializer is not null)) Make(type);
            foreach (var reference in assembly.GetReferencedAssemblies()) assemblies.Enqueue(Assembly.Load(reference));
        }
    }

    private static void Make(Type type)
    {
        try
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }
        catch (TypeInitializationException)
        {
            // Thrown again in the test that uses the type.
        }
    }
}
