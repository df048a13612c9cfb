/* Starts ChatLab's opener with the one right that it needs, and with nothing of the caller's.
 *
 * Installed by opener_install.py as root's, with the file capabilities cap_net_raw (to open a
 * packet socket) and cap_net_admin (to give it a receive buffer that a busy disk does not fill).
 * A capability on Python itself would be everybody's for any script; this program gives it to one
 * script of root's: no argument and no variable of the environment gets there, no further right can
 * be gained on the way, and no descriptor but standard input, output and error.
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const unsigned int rights[] = {CAP_NET_RAW, CAP_NET_ADMIN};

static int keep_rights(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    unsigned int at;

    for (at = 0; at < sizeof rights / sizeof *rights; at++)
        data[0].permitted |= 1u << rights[at];
    data[0].effective = data[0].inheritable = data[0].permitted;
    if (syscall(SYS_capset, &header, data))
        return -1;
    for (at = 0; at < sizeof rights / sizeof *rights; at++)
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, rights[at], 0, 0))
            return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int main(void)
{
    char *arguments[] = {PYTHON, "-I", "-S", SCRIPT, 0};
    char *environment[] = {0};

    /* Where the rights are not there (a container, no_new_privs) the script says so itself. */
    (void)keep_rights();
    /* Kernels without close_range (before 5.9) leave descriptors open that nobody will use. */
    (void)syscall(SYS_close_range, 3, ~0u, 0);
    if (chdir("/"))
        return 126;
    execve(PYTHON, arguments, environment);
    return 127;
}
